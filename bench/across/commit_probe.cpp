// libpq, one connection.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "across/pace.hpp"
#include "across/probes.hpp"

namespace parley::bench {
namespace {

using pg_result = std::unique_ptr<PGresult, decltype(&PQclear)>;

class commit_probe final : public probe {
 public:
  commit_probe(const std::string& store_url, std::size_t size, double per_second)
      : connection_(PQconnectdb(store_url.c_str()), &PQfinish),
        table_(fmt::format("parley_bench_commit_{}", ::getpid())),
        content_(size, 'x') {
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error("the commits: " + failure());
    run("SET synchronous_commit = on");
    run("CREATE TABLE " + table_ + " (content text NOT NULL)");
    const auto sql = "INSERT INTO " + table_ + " VALUES ($1)";
    expect(pg_result(PQprepare(connection_.get(), "insert", sql.c_str(), 1, nullptr), &PQclear));
    committing_.emplace([this, per_second](const std::stop_token& stop) { commit(stop, per_second); });
  }

  std::vector<probe_sample> finish() override {
    committing_->ask_to_stop();
    committing_->wait();
    run("DROP TABLE " + table_);
    return std::move(samples_);
  }

 private:
  void commit(const std::stop_token& stop, double per_second) {
    const std::array<const char*, 1> values{content_.c_str()};
    for (random_pace pace(per_second); !stop.stop_requested(); pace.wait()) {
      const auto begun = steady_ns();
      expect(pg_result(PQexecPrepared(connection_.get(), "insert", 1, values.data(), nullptr, nullptr, 0), &PQclear));
      samples_.push_back({begun, steady_ns() - begun});
    }
  }

  void run(const std::string& sql) { expect(pg_result(PQexec(connection_.get(), sql.c_str()), &PQclear)); }

  void expect(const pg_result& result) const {
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) throw std::runtime_error("the commits: " + failure());
  }

  [[nodiscard]] std::string failure() const { return PQerrorMessage(connection_.get()); }

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  std::string table_;
  std::string content_;
  std::vector<probe_sample> samples_;  ///< Of the thread until it has ended.
  std::optional<background> committing_;
};

}  // namespace

std::unique_ptr<probe> start_commit_probe(const std::string& store_url, std::size_t size, double per_second) {
  return std::make_unique<commit_probe>(store_url, size, per_second);
}

}  // namespace parley::bench
