// See measured_server.hpp.
#include "load/measured_server.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "measured_postgres.hpp"
#include "processors.hpp"
#include "scrape.hpp"
#include "verify/options.hpp"

namespace parley::bench {
measured_server::measured_server(const server_options& options) {
  if (!options.node_url.empty()) {
    address_ = parse_node(options.node_url);
    name_ = "the node at " + options.node_url;
    watch_ = options.process ? server_watch(*options.process) : server_watch(address_);
    return;
  }
  const on_processor there(servers_processor(options.pin));
  auto settings = options.settings;
  // Log-ins are not what is measured.
  settings.insert(settings.begin(), "auth.password_memory_kib=64");
  const bool is_postgres = options.store == "postgres";
  if (is_postgres) {
    std::vector<std::string> more;
    if (options.count_statements) more = {"-c", "shared_preload_libraries=pg_stat_statements"};
    database_.emplace(measured_postgres_options(more));
    store_url_ = database_->new_database();
    settings.insert(settings.begin(), "store.url=" + *store_url_);
  }
  process_.emplace(support::server_process::parleyd(options.parleyd, settings));
  address_ = process_->address();
  name_ = is_postgres ? "one node on PostgreSQL" : "one node on SQLite";
  watch_ = server_watch(process_->pid());
}

std::optional<double> measured_server::database_cpu_seconds() const {
  return database_ ? std::optional(database_->cpu_seconds()) : std::nullopt;
}

double wait_for_search(const support::target& node) {
  constexpr double longest = 120;
  const auto start = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  while (scrape(node)["parley_search_rooms_behind"] > 0) {
    if (passed() > longest) throw std::runtime_error("the search index does not come up with what was sent");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return passed();
}

support::server_process start_naive(const server_options& options, const std::string& program) {
  const on_processor there(servers_processor(options.pin));
  return support::server_process::naive(program);
}

}  // namespace parley::bench
