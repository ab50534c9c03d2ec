// Rows by COPY: as they were given, all or none, however many.
#include "store/postgres_copy.hpp"

#include "postgres_fixture.hpp"

namespace parley::test {
namespace {

class postgres_copy_test : public postgres_fixture {
 protected:
  void SetUp() override {
    postgres_fixture::SetUp();
    support::run_sql(url_,
                     "CREATE TABLE tb_copied (id uuid PRIMARY KEY, number bigint, content text, is_good boolean,"
                     " words tsvector)");
    connection_.emplace(patient_options(url_));
  }
  static postgres_copy rows() {
    return postgres_copy("COPY tb_copied (id, number, content, is_good, words) FROM STDIN (FORMAT binary)");
  }
  static postgres_word_set words(std::initializer_list<std::string_view> given) {
    postgres_word_set set;
    for (const auto word : given) set.add(word);
    return set;
  }
  uuid new_id() { return uuid(make.make_id<message_id>()); }

  std::optional<postgres_connection> connection_;
};

TEST_F(postgres_copy_test, rows_are_as_they_were_given) {
  auto copy = rows();
  EXPECT_TRUE(copy.empty());
  const auto id = new_id();
  const std::string_view text("a\tb\nc \\. \xC3\xA9");
  copy.add(id, std::int64_t{-7}, text, true, words({"#room", "caf\xC3\xA9", "its"}));
  copy.add(new_id(), std::int64_t{1} << 40, std::string_view(), false, words({}));
  EXPECT_FALSE(copy.empty());
  copy.run(*connection_);
  const auto stored = connection_->query(
      "SELECT id, number, content, is_good, words @@ '''#room'' & ''caf\xC3\xA9'' & ''its'''::tsquery, length(words)"
      " FROM tb_copied ORDER BY number");
  ASSERT_EQ(stored.size(), 2);
  EXPECT_EQ(stored[0].id(0), id);
  EXPECT_EQ(stored[0].integer(1), -7);
  EXPECT_EQ(stored[0].text(2), text);
  EXPECT_EQ(stored[0].integer(3), 1);
  EXPECT_EQ(stored[0].integer(4), 1);
  EXPECT_EQ(stored[0].integer(5), 3);
  EXPECT_EQ(stored[1].integer(1), std::int64_t{1} << 40);
  EXPECT_FALSE(stored[1].is_null(2));
  EXPECT_EQ(stored[1].text(2), "");
  EXPECT_EQ(stored[1].integer(3), 0);
  EXPECT_EQ(stored[1].integer(5), 0);
}

TEST_F(postgres_copy_test, what_contradicts_leaves_nothing_and_the_connection_serves_on) {
  const auto id = new_id();
  auto copy = rows();
  for (int i = 0; i < 2; ++i) copy.add(id, std::int64_t{i}, std::string_view("twice"), true, words({}));
  try {
    copy.run(*connection_);
    ADD_FAILURE() << "two rows of one id";
  } catch (const postgres_error& fault) {
    EXPECT_TRUE(fault.is_constraint()) << fault.what();
  }
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(count("SELECT count(*) FROM tb_copied"), 0);
  EXPECT_EQ(connection_->query("SELECT 42::bigint")[0].integer(0), 42);
}

/// More than the sockets hold, so that the connection has to wait for the server in between.
TEST_F(postgres_copy_test, much_takes_more_than_one_write) {
  auto copy = rows();
  const std::string content(100'000, 'x');
  for (int i = 0; i < 200; ++i) copy.add(new_id(), std::int64_t{i}, std::string_view(content), true, words({"word"}));
  copy.run(*connection_);
  EXPECT_EQ(count("SELECT count(*) FROM tb_copied WHERE length(content) = 100000"), 200);
}

TEST_F(postgres_copy_test, a_session_that_is_ended_ends_the_connection) {
  auto copy = rows();
  copy.add(new_id(), std::int64_t{1}, std::string_view("gone"), true, words({}));
  support::run_sql(url_,
                   "SELECT pg_terminate_backend(" + std::to_string(connection_->session().process_id) + ", 5000)");
  EXPECT_THROW(copy.run(*connection_), postgres_error);
  EXPECT_FALSE(connection_->is_usable());
  EXPECT_EQ(count("SELECT count(*) FROM tb_copied"), 0);
}

}  // namespace
}  // namespace parley::test
