// Each turn measures every server at every work, each time a new one, so that all meet the same machine.
#include "peers/peers.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "peers/program.hpp"
#include "peers/report.hpp"
#include "processors.hpp"
#include "report/progress.hpp"

namespace parley::bench {
namespace {

std::string describe_machine() {
  utsname system{};
  ::uname(&system);
  const auto processor = first_line_of("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo");
  const auto distribution = first_line_of("sed -n 's/^PRETTY_NAME=\"\\(.*\\)\"/\\1/p' /etc/os-release");
  return fmt::format("{} x {}, {} {}, {}", std::thread::hardware_concurrency(), processor, system.sysname,
                     system.release, distribution);
}

class comparison {
 public:
  explicit comparison(const peers_options& options) : options_(options), processors_(choose_processors()) {
    report_.machine = describe_machine();
    report_.processors = describe(processors_);
    report_.runs = options.runs;
    report_.seconds = options.times.seconds;
    const auto works = chosen_works(options);
    choose_peers();
    for (const auto& work : works) {
      report_.works.push_back({work, {}});
      for (const auto& one : peers_)
        report_.works.back().rows.push_back({one.name, one.title, one.stored, one.acknowledged, one.is_parley, {}, {}});
    }
  }

  peers_report run() {
    const on_processor here(processors_.tool);
    for (int turn = 0; turn < options_.runs; ++turn) {
      for (auto& table : report_.works) {
        for (std::size_t i = 0; i < peers_.size(); ++i) {
          // Each turn begins with another one, since a machine may grow slower or faster within it.
          const auto next = (i + static_cast<std::size_t>(turn)) % peers_.size();
          measure(turn, table.work, peers_[next], table.rows[next]);
        }
      }
    }
    return std::move(report_);
  }

 private:
  /// Nobody is left out silently.
  void choose_peers() {
    for (auto& one : chosen_peers(options_)) {
      if (const auto reason = one.missing()) {
        report_.left_out.emplace_back(one.title, *reason);
        std::fprintf(stderr, "without %s: %s\n", one.title.c_str(), reason->c_str());
      } else {
        report_.versions.emplace_back(one.title, one.version());
        peers_.push_back(std::move(one));
      }
    }
    if (peers_.empty()) throw std::runtime_error("none of these servers is here");
    std::fprintf(stderr, "%s\n", report_.processors.c_str());
  }

  void measure(int turn, const peer_work& work, const peer& one, peer_row& row) {
    const auto head = fmt::format("turn {} of {}, {}, {}: ", turn + 1, options_.runs, work.name, one.name);
    const auto show = [&](const std::string& what) { show_passing(head + what); };
    show("starting");
    try {
      const auto server = start(one);
      const auto figures = run_closed_load(*server, work, options_.times, show);
      row.turns.emplace_back(figures);
      show_line(head + fmt::format("{:.0f} deliveries/s, {:.2f} us each{}", figures.deliveries_per_second(),
                                   figures.total_us(), figures.lost > 0 ? fmt::format(", {} lost", figures.lost) : ""));
    } catch (const std::exception& e) {
      row.turns.emplace_back();
      row.failure = e.what();
      show_line(head + e.what());
    }
    end_line();
  }

  [[nodiscard]] std::unique_ptr<peer_server> start(const peer& one) const {
    const on_processor there(processors_.server);
    return one.start();
  }

  const peers_options& options_;
  processors processors_;
  std::vector<peer> peers_;
  peers_report report_;
};

}  // namespace

bool run_peers(const peers_options& options) {
  const auto report = comparison(options).run();
  std::fputs((options.json ? to_json(report) : to_text(report)).c_str(), stdout);
  if (!options.report.empty()) {
    std::ofstream file(options.report);
    file << to_html(report);
    if (!file.flush()) throw std::runtime_error("cannot write " + options.report);
    std::fprintf(stderr, "%s\n", options.report.c_str());
  }
  return !report.has_failures();
}

}  // namespace parley::bench
