// The server that a scenario measures: started for it with what it stores in, or one that runs already.
#pragma once

#include <optional>
#include <string>

#include "load/options.hpp"
#include "report/server_watch.hpp"
#include "support/postgres_server.hpp"
#include "support/server_process.hpp"

namespace parley::bench {

class measured_server {
 public:
  /// Throws std::runtime_error when it does not become ready.
  explicit measured_server(const server_options& options);

  [[nodiscard]] const support::target& address() const { return address_; }
  /// What it is, in words.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const server_watch& watch() const { return *watch_; }
  /// The database that was made for it; nothing when none was.
  [[nodiscard]] const std::optional<std::string>& store_url() const { return store_url_; }
  /// PostgreSQL's processes so far; nothing when it was not started here.
  [[nodiscard]] std::optional<double> database_cpu_seconds() const;

 private:
  std::optional<support::postgres_server> database_;
  std::optional<support::server_process> process_;
  support::target address_;
  std::optional<std::string> store_url_;
  std::string name_;
  std::optional<server_watch> watch_;
};

/// Messages are indexed for search behind their acks, by the same processors: what was sent is over when that is done.
/// Answers after how many seconds. Throws std::runtime_error when it takes longer than two minutes.
double wait_for_search(const support::target& node);

/// The naive server; with --pin on the first core too, like the node.
support::server_process start_naive(const server_options& options, const std::string& program);

}  // namespace parley::bench
