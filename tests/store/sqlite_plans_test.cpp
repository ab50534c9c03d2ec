// Every statement that the store runs is found by an index: no table grows into a slow query.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <set>

#include "port_calls.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_database.hpp"

namespace parley::test {
namespace {

/// Notes the SQL of all statements of all connections that are opened while it lives.
class statement_recorder {
 public:
  statement_recorder() {
    seen().clear();
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch));
  }
  ~statement_recorder() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&watch)); }
  statement_recorder(const statement_recorder&) = delete;
  statement_recorder& operator=(const statement_recorder&) = delete;

  static std::set<std::string>& seen() {
    static std::set<std::string> statements;
    return statements;
  }

 private:
  static int watch(sqlite3* connection, const char**, const void*) {
    return sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, &note, nullptr);
  }
  static int note(unsigned, void*, void* running, void*) {
    if (const char* sql = sqlite3_sql(static_cast<sqlite3_stmt*>(running))) seen().insert(sql);
    return 0;
  }
};

std::vector<std::string> plan_of(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  // Only planned, never called.
  const auto nothing = [](sqlite3_context*, int, sqlite3_value**) {};
  EXPECT_EQ(sqlite3_create_function(handle, "lower_text", 1, SQLITE_UTF8, nullptr, nothing, nullptr, nullptr),
            SQLITE_OK);
  std::vector<std::string> steps;
  const auto keep = [](void* all, int, char** values, char**) {
    static_cast<std::vector<std::string>*>(all)->emplace_back(values[3]);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(handle, ("EXPLAIN QUERY PLAN " + sql).c_str(), keep, &steps, nullptr), SQLITE_OK) << sql;
  sqlite3_close(handle);
  EXPECT_FALSE(steps.empty()) << sql;
  return steps;
}

class sqlite_plans_test : public port_calls {
 protected:
  void SetUp() override {}
};

TEST_F(sqlite_plans_test, no_statement_scans_or_sorts_a_table) {
  const temporary_folder folder;
  const sqlite_options options{folder.file("store.db"), "", true};
  const auto database = expect_value(open_sqlite_database(options, {}));
  expect_value(database->migrate());
  std::set<std::string> statements;
  {
    const statement_recorder recorder;
    writer = expect_value(database->open_writer());
    reader = expect_value(database->open_reader());
    use_everything(add_circle());
    statements = statement_recorder::seen();
  }
  std::size_t examined = 0;
  for (const auto& sql : statements) {
    if (!sql.starts_with("SELECT") && !sql.starts_with("UPDATE") && !sql.starts_with("DELETE")) continue;
    ++examined;
    for (const auto& step : plan_of(options.path, sql)) {
      const bool scans = step.starts_with("SCAN ") && !step.starts_with("SCAN (subquery");
      EXPECT_FALSE(scans) << step << " in: " << sql;
      EXPECT_EQ(step.find("TEMP B-TREE"), std::string::npos) << step << " in: " << sql;
      EXPECT_EQ(step.find("AUTOMATIC"), std::string::npos) << step << " in: " << sql;
    }
  }
  EXPECT_GE(examined, 40U) << "the statements were not recorded";
}

TEST_F(sqlite_plans_test, plans_do_not_depend_on_statistics) {
  const temporary_folder folder;
  const sqlite_options options{folder.file("store.db"), "", true};
  const auto database = expect_value(open_sqlite_database(options, {}));
  expect_value(database->migrate());
  writer = expect_value(database->open_writer());
  reader = expect_value(database->open_reader());
  use_everything(add_circle());
  writer->tidy();
  sqlite_connection connection(options, sqlite_access::read);
  EXPECT_FALSE(connection.use("SELECT 1 FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'").step())
      << "with statistics the planner may leave the indexes while the tables are small";
}

}  // namespace
}  // namespace parley::test
