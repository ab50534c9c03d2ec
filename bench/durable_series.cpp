// One PostgreSQL server for a series; everything that is measured has a new database in it.
#include "durable_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

#include "client_loop.hpp"
#include "durable_beside.hpp"

namespace parley::bench {
namespace {

/// The cache holds what a run writes and no checkpoint is due in one, so that runs of different lengths compare.
std::unique_ptr<postgres_server> start_server(durable_store store) {
  if (store == durable_store::sqlite) return nullptr;
  return std::make_unique<postgres_server>(
      std::vector<std::string>{"-c", "shared_buffers=1GB", "-c", "max_wal_size=8GB", "-c", "checkpoint_timeout=30min"});
}

struct measured {
  std::string name;
  double rows_per_second = 0;
  std::optional<double> p50_ms, p99_ms, p999_ms;
  double cpu_us = 0;           ///< A row: parleyd, or the thread that stands in its place.
  double database_cpu_us = 0;  ///< A row: PostgreSQL.
  std::optional<double> batch, commit_ms;
  double load_cpu_us = 0;  ///< A row: parley-bench, when it is the clients.
};

void print(const measured& m) {
  const auto figure = [](std::optional<double> value) { return value ? fmt::format("{:.2f}", *value) : "-"; };
  fmt::print("{:<22}{:>9.0f}{:>9}{:>9}{:>9}{:>9}{:>9.2f}{:>9.2f}{:>9.2f}{:>9}\n", m.name, m.rows_per_second,
             figure(m.p50_ms), figure(m.p99_ms), figure(m.p999_ms), figure(m.commit_ms), m.cpu_us, m.database_cpu_us,
             m.load_cpu_us, figure(m.batch));
}

void print_head() {
  fmt::print("{:<22}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "", "rows/s", "p50 ms", "p99", "p99.9", "commit",
             "CPU us", "database", "clients", "batch");
}

class durable_series {
 public:
  explicit durable_series(const durable_series_options& options)
      : options_(options), server_(start_server(options.store)), shape_{options.load.rooms, options.load.senders} {}

  /// What is measured in turns; the first is parleyd.
  std::vector<measured> run_once() {
    std::vector<measured> all{run_parleyd()};
    if (!options_.alone) {
      if (server_) all.push_back(run_pgbench_clients());
      for (const auto batch : options_.batches) all.push_back(run_ceiling(batch));
    }
    return all;
  }

  measured run_parleyd() {
    std::optional<postgres_database> database;
    auto settings = options_.settings;
    if (server_) settings.push_back("store.url=" + database.emplace(*server_).url());
    const auto server = server_process::parleyd(options_.parleyd, settings);
    const auto figures = run_durable(server, server_.get(), options_.load);
    const auto rows = static_cast<double>(figures.acknowledged);
    measured out;
    out.name = "parleyd";
    out.rows_per_second = rows / figures.seconds;
    out.p50_ms = figures.p50_ms;
    out.p99_ms = figures.p99_ms;
    out.p999_ms = figures.p999_ms;
    out.cpu_us = figures.server_cpu_seconds * 1e6 / rows;
    out.database_cpu_us = figures.database_cpu_seconds * 1e6 / rows;
    out.load_cpu_us = figures.client_cpu_seconds * 1e6 / rows;
    out.batch = figures.batch_commands / figures.commits;
    out.commit_ms = figures.commit_seconds * 1e3 / figures.commits;
    return out;
  }

  measured run_pgbench_clients() {
    postgres_database database(*server_);
    database.fill(options_.parleyd, shape_);
    const auto before = server_->cpu_seconds();
    const auto figures = run_pgbench(database.url(), shape_, options_.load.seconds);
    measured out;
    out.name = "pgbench, 32 clients";
    out.rows_per_second = figures.rows_per_second;
    out.database_cpu_us = (server_->cpu_seconds() - before) * 1e6 / figures.rows;
    out.commit_ms = figures.latency_ms;
    out.batch = 1;
    return out;
  }

  measured run_ceiling(std::size_t batch) {
    const auto name = batch == 1 ? std::string("bare commits") : fmt::format("batches of {}", batch);
    const auto seconds = options_.load.seconds;
    if (!server_) {
      const sqlite_file file(options_.parleyd, shape_);
      return to_measured(name, batch, run_sqlite_ceiling(file.path(), batch, seconds), 0);
    }
    postgres_database database(*server_);
    database.fill(options_.parleyd, shape_);
    const auto before = server_->cpu_seconds();
    auto figures = batch == 1 ? run_postgres_single_inserts(database.url(), seconds)
                              : run_postgres_ceiling(database.url(), batch, seconds);
    return to_measured(name, batch, std::move(figures), server_->cpu_seconds() - before);
  }

 private:
  static measured to_measured(const std::string& name, std::size_t batch, ceiling_figures figures,
                              double database_cpu_seconds) {
    const auto rows = static_cast<double>(figures.rows);
    measured out;
    out.name = name;
    out.rows_per_second = rows / figures.seconds;
    out.p50_ms = percentile_ms(figures.transactions_ns, 0.50);
    out.p99_ms = percentile_ms(figures.transactions_ns, 0.99);
    out.p999_ms = percentile_ms(figures.transactions_ns, 0.999);
    out.cpu_us = figures.client_cpu_seconds * 1e6 / rows;
    out.database_cpu_us = database_cpu_seconds * 1e6 / rows;
    out.batch = static_cast<double>(batch);
    return out;
  }

  const durable_series_options& options_;
  std::unique_ptr<postgres_server> server_;
  members_shape shape_;
};

using series = std::vector<std::vector<measured>>;

/// Each ratio is taken within one turn, since the machine's speed drifts between them.
void print_ratio(const series& turns, const std::string& name, const std::string& goal,
                 const std::function<double(const std::vector<measured>&)>& ratio_of) {
  std::vector<double> ratios;
  for (const auto& turn : turns) ratios.push_back(ratio_of(turn));
  std::sort(ratios.begin(), ratios.end());
  fmt::print("{:<58} min {:.2f}, median {:.2f}, max {:.2f}; goal {}\n", name, ratios.front(), ratios[ratios.size() / 2],
             ratios.back(), goal);
}

const char* name_of(durable_store store) { return store == durable_store::postgres ? "PostgreSQL" : "SQLite"; }

}  // namespace

void measure_durable(const durable_series_options& options) {
  durable_series measuring(options);
  series turns;
  fmt::print("\n{}: {} senders in {} rooms, {} outstanding each, {} s\n", name_of(options.store), options.load.senders,
             options.load.rooms, options.load.outstanding, options.load.seconds);
  print_head();
  for (int turn = 0; turn < options.runs; ++turn) {
    turns.push_back(measuring.run_once());
    for (const auto& one : turns.back()) print(one);
    std::fflush(stdout);
  }
  if (options.alone) return;
  for (std::size_t i = 1; i < turns.front().size(); ++i) {
    const auto& name = turns.front()[i].name;
    const bool is_batch = *turns.front()[i].batch > 1;
    print_ratio(turns, "rows a second, parleyd / " + name, is_batch ? ">= 0.6" : ">= 3",
                [i](const auto& turn) { return turn[0].rows_per_second / turn[i].rows_per_second; });
    if (!is_batch || options.store == durable_store::sqlite) continue;
    print_ratio(turns, "PostgreSQL's CPU a row, parleyd / " + name, "<= 1.2",
                [i](const auto& turn) { return turn[0].database_cpu_us / turn[i].database_cpu_us; });
  }
}

void measure_lone(const durable_series_options& options) {
  auto alone = options;
  alone.load.rooms = alone.load.senders = alone.load.outstanding = 1;
  durable_series measuring(alone);
  series turns;
  fmt::print("\n{}: a lone message, {} s\n", name_of(options.store), options.load.seconds);
  print_head();
  for (int turn = 0; turn < options.runs; ++turn) {
    turns.push_back({measuring.run_parleyd(), measuring.run_ceiling(1)});
    for (const auto& one : turns.back()) print(one);
    std::fflush(stdout);
  }
  print_ratio(turns, "ack's p50 in ms, less two bare commits' p50", "<= 0.5",
              [](const auto& turn) { return *turn[0].p50_ms - 2 * *turn[1].p50_ms; });
}

void measure_all(durable_series_options options) {
  for (const auto store : {durable_store::postgres, durable_store::sqlite}) {
    options.store = store;
    for (const auto& [senders, rooms] : {std::pair{1000U, 100U}, std::pair{100U, 1U}}) {
      options.load.senders = senders;
      options.load.rooms = rooms;
      measure_durable(options);
    }
    auto lone = options;
    lone.load.seconds = std::min(lone.load.seconds, 3.0);
    measure_lone(lone);
  }
}

}  // namespace parley::bench
