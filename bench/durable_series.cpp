// One PostgreSQL server for a series; everything that is measured has a new database in it.
#include "durable_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "client_loop.hpp"
#include "durable_beside.hpp"
#include "durable_report.hpp"
#include "measured_postgres.hpp"
#include "processors.hpp"

namespace parley::bench {
namespace {

std::unique_ptr<postgres_server> start_server(const durable_series_options& options) {
  if (options.store == durable_store::sqlite) return nullptr;
  const on_processor there(servers_processor(options.pin));
  return std::make_unique<postgres_server>(measured_postgres_options());
}

class durable_series {
 public:
  explicit durable_series(const durable_series_options& options)
      : options_(options), server_(start_server(options)), shape_{options.load.rooms, options.load.senders} {}

  /// What is measured in turns; the first is parleyd.
  std::vector<durable_row> run_once() {
    std::vector<durable_row> all{run_parleyd()};
    if (!options_.alone) {
      if (server_) all.push_back(run_pgbench_clients());
      for (const auto batch : options_.batches) all.push_back(run_ceiling(batch));
    }
    return all;
  }

  durable_row run_parleyd() {
    std::optional<postgres_database> database;
    auto settings = options_.settings;
    if (server_) settings.push_back("store.url=" + database.emplace(*server_).url());
    const auto server = start_parleyd(settings);
    auto figures = run_durable(server, server_.get(), options_.load);
    const auto rows = static_cast<double>(figures.acknowledged);
    durable_row out;
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
    out.times = figures.acks;
    out.course = std::move(figures.course);
    out.troubles = figures.troubles;
    return out;
  }

  durable_row run_pgbench_clients() {
    postgres_database database(*server_);
    database.fill(options_.parleyd, shape_);
    const auto before = server_->cpu_seconds();
    const auto figures = run_pgbench(database.url(), shape_, options_.load.seconds);
    durable_row out;
    out.name = "pgbench, 32 clients";
    out.rows_per_second = figures.rows_per_second;
    out.database_cpu_us = (server_->cpu_seconds() - before) * 1e6 / figures.rows;
    out.commit_ms = figures.latency_ms;
    out.batch = 1;
    return out;
  }

  durable_row run_ceiling(std::size_t batch) {
    const auto name = batch == 1 ? std::string("bare commits") : fmt::format("batches of {}", batch);
    const auto seconds = options_.load.seconds;
    const on_processor there(servers_processor(options_.pin));
    if (!server_) {
      const sqlite_file file(options_.parleyd, shape_);
      return to_row(name, batch, run_sqlite_ceiling(file.path(), batch, seconds), 0);
    }
    postgres_database database(*server_);
    database.fill(options_.parleyd, shape_);
    const auto before = server_->cpu_seconds();
    auto figures = batch == 1 ? run_postgres_single_inserts(database.url(), seconds)
                              : run_postgres_ceiling(database.url(), batch, seconds);
    return to_row(name, batch, std::move(figures), server_->cpu_seconds() - before);
  }

 private:
  [[nodiscard]] server_process start_parleyd(const std::vector<std::string>& settings) const {
    const on_processor there(servers_processor(options_.pin));
    return server_process::parleyd(options_.parleyd, settings);
  }

  static durable_row to_row(const std::string& name, std::size_t batch, ceiling_figures figures,
                            double database_cpu_seconds) {
    const auto rows = static_cast<double>(figures.rows);
    durable_row out;
    out.name = name;
    out.rows_per_second = rows / figures.seconds;
    out.p50_ms = percentile_ms(figures.transactions_ns, 0.50);
    out.p99_ms = percentile_ms(figures.transactions_ns, 0.99);
    out.p999_ms = percentile_ms(figures.transactions_ns, 0.999);
    out.cpu_us = figures.client_cpu_seconds * 1e6 / rows;
    out.database_cpu_us = database_cpu_seconds * 1e6 / rows;
    out.batch = static_cast<double>(batch);
    for (const auto each : figures.transactions_ns) out.times.add(each);
    return out;
  }

  const durable_series_options& options_;
  std::unique_ptr<postgres_server> server_;
  members_shape shape_;
};

/// Reports what is measured, and prints it as it comes where nobody wants JSON.
class durable_teller {
 public:
  durable_teller(const durable_series_options& options, const std::string& what)
      : options_(options), report_(fmt::format("{}: {}", name_of(options.store), what)) {
    print("\n" + report_.title() + "\n" + head_of_rows());
  }

  void add(std::vector<durable_row> turn) {
    for (const auto& row : turn) print(to_text(row));
    report_.add(std::move(turn));
  }
  void add(const durable_ratio& ratio) {
    print(to_text(ratio));
    report_.add(ratio);
  }
  [[nodiscard]] const durable_report& report() const { return report_; }
  [[nodiscard]] load_report finish() const {
    auto report =
        report_.finish(options_.store == durable_store::postgres ? "one node on PostgreSQL" : "one node on SQLite",
                       {{"senders", options_.load.senders},
                        {"rooms", options_.load.rooms},
                        {"outstanding", options_.load.outstanding},
                        {"seconds", options_.load.seconds},
                        {"turns", options_.runs}});
    if (!report.troubles.is_complete()) fmt::print(stderr, "{}: {}\n", report.title, to_text(report.troubles));
    print(to_text(report.troubles) + "\n");
    return report;
  }

 private:
  static const char* name_of(durable_store store) { return store == durable_store::postgres ? "PostgreSQL" : "SQLite"; }
  void print(const std::string& text) const {
    if (options_.report.json) return;
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }

  const durable_series_options& options_;
  durable_report report_;
};

}  // namespace

load_report measure_durable(const durable_series_options& options) {
  durable_series measuring(options);
  durable_teller out(options, fmt::format("{} senders in {} rooms, {} outstanding each, {} s", options.load.senders,
                                          options.load.rooms, options.load.outstanding, options.load.seconds));
  for (int turn = 0; turn < options.runs; ++turn) out.add(measuring.run_once());
  if (options.alone) return out.finish();
  const char* const goal = options.store == durable_store::postgres ? ">= 0.8" : ">= 0.6";
  const auto& turns = out.report().turns();
  for (std::size_t i = 1; i < turns.front().size(); ++i) {
    const auto& name = turns.front()[i].name;
    const bool is_batch = *turns.front()[i].batch > 1;
    out.add(ratio_of(turns, "rows a second, parleyd / " + name, is_batch ? goal : ">= 3",
                     [i](const auto& turn) { return turn[0].rows_per_second / turn[i].rows_per_second; }));
    if (!is_batch || options.store == durable_store::sqlite) continue;
    out.add(ratio_of(turns, "PostgreSQL's CPU a row, parleyd / " + name, "<= 1.2",
                     [i](const auto& turn) { return turn[0].database_cpu_us / turn[i].database_cpu_us; }));
  }
  return out.finish();
}

load_report measure_lone(const durable_series_options& options) {
  auto alone = options;
  alone.load.rooms = alone.load.senders = alone.load.outstanding = 1;
  durable_series measuring(alone);
  durable_teller out(alone, fmt::format("a lone message, {} s", options.load.seconds));
  for (int turn = 0; turn < options.runs; ++turn) out.add({measuring.run_parleyd(), measuring.run_ceiling(1)});
  out.add(ratio_of(out.report().turns(), "ack's p50 in ms, less two bare commits' p50", "<= 0.5",
                   [](const auto& turn) { return *turn[0].p50_ms - 2 * *turn[1].p50_ms; }));
  return out.finish();
}

std::vector<load_report> measure_all(durable_series_options options) {
  std::vector<load_report> reports;
  for (const auto store : {durable_store::postgres, durable_store::sqlite}) {
    options.store = store;
    for (const auto& [senders, rooms] : {std::pair{1000U, 100U}, std::pair{100U, 1U}}) {
      options.load.senders = senders;
      options.load.rooms = rooms;
      reports.push_back(measure_durable(options));
    }
    auto lone = options;
    lone.load.seconds = std::min(lone.load.seconds, 3.0);
    reports.push_back(measure_lone(lone));
  }
  return reports;
}

}  // namespace parley::bench
