// Text and JSON.
#include "load/report.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace parley::bench {
namespace {

constexpr double shares[] = {0.5, 0.9, 0.99, 0.999};

std::string line(const char* name, const latency_histogram& h) {
  return fmt::format("  {:<48}{:>10}{:>9.2f}{:>9.2f}{:>9.2f}{:>9.2f}{:>9.2f}\n", name, h.count(), h.quantile_ms(0.5),
                     h.quantile_ms(0.9), h.quantile_ms(0.99), h.quantile_ms(0.999), h.max_ms());
}

boost::json::object object_of(const latency_histogram& h) {
  boost::json::object out{{"count", h.count()}, {"max_ms", h.max_ms()}};
  for (const auto share : shares) out[fmt::format("p{:g}_ms", share * 100)] = h.quantile_ms(share);
  return out;
}

boost::json::value number_or_null(const std::optional<double>& value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

boost::json::object object_of(const load_second& second) {
  return {{"at", second.at},
          {"sent", second.sent},
          {"acknowledged", second.acknowledged},
          {"delivered", second.delivered},
          {"refused", second.refused},
          {"p50_ms", second.p50_ms},
          {"p99_ms", second.p99_ms},
          {"max_ms", second.max_ms},
          {"cpu", number_or_null(second.cpu)},
          {"resident_mib", number_or_null(second.resident_mib)}};
}

std::string troubles(const load_figures& f) {
  return fmt::format("lost {}, repeated {}, reordered {}, never delivered {}, unanswered {}, refused {}", f.seqs.lost,
                     f.seqs.repeated, f.seqs.reordered, f.missing, f.unanswered, f.refused);
}

}  // namespace

std::string to_text(const load_report& report) {
  const auto& f = report.figures;
  std::string out = "\n";
  for (const auto& trial : report.trials) {
    out += fmt::format("  {:>9.0f} messages a second: {} {:.1f} ms, {}\n", trial.rate, report.options.level.name,
                       trial.measured_ms, trial.objection.empty() ? "held" : trial.objection);
  }
  if (!report.trials.empty()) {
    out += fmt::format("highest rate with {} of at most {:g} ms: {:.0f} messages a second\n", report.options.level.name,
                       report.options.level.limit_ms, report.highest_rate);
  }
  out += fmt::format("{:.0f} messages a second over {} rooms of {}, {} B, {:.0f} s, {}: {}\n", f.rate,
                     report.options.rooms, report.options.members, report.options.size, f.seconds, report.server,
                     troubles(f));
  if (!f.first_refusal.empty()) out += "  the first refusal: " + f.first_refusal + "\n";
  if (!f.broken.empty()) out += "  a connection ended: " + f.broken + "\n";
  out += fmt::format("  {:<48}{:>10}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "", "count", "p50 ms", "p90", "p99", "p99.9", "max");
  out += line("delivery: from its time to a receiver", f.delivery);
  out += line("ack: from its time to the sender", f.ack);
  out += line("send: after its time (the tool's own delay)", f.delay);
  if (f.cpu_us) out += fmt::format("  CPU for a delivery: the server {:.1f} us", *f.cpu_us);
  if (f.database_cpu_us) out += fmt::format(", PostgreSQL {:.1f} us", *f.database_cpu_us);
  return out + "\n";
}

std::string to_json(const load_report& report) {
  const auto& f = report.figures;
  boost::json::object out{{"server", report.server},
                          {"rooms", report.options.rooms},
                          {"members", report.options.members},
                          {"size", report.options.size},
                          {"rate", f.rate},
                          {"seconds", f.seconds},
                          {"messages", f.planned},
                          {"acknowledged", f.acknowledged},
                          {"deliveries", f.deliveries},
                          {"lost", f.seqs.lost},
                          {"repeated", f.seqs.repeated},
                          {"reordered", f.seqs.reordered},
                          {"never_delivered", f.missing},
                          {"unanswered", f.unanswered},
                          {"refused", f.refused},
                          {"late_sends", f.late},
                          {"delivery", object_of(f.delivery)},
                          {"ack", object_of(f.ack)},
                          {"send_delay", object_of(f.delay)},
                          {"server_cpu_us", number_or_null(f.cpu_us)},
                          {"database_cpu_us", number_or_null(f.database_cpu_us)}};
  if (!report.trials.empty()) {
    out["slo"] = fmt::format("{}={:g}ms", report.options.level.name, report.options.level.limit_ms);
    out["highest_rate"] = report.highest_rate;
    auto& trials = out["trials"].emplace_array();
    for (const auto& trial : report.trials) {
      trials.push_back(boost::json::object{{"rate", trial.rate},
                                           {"measured_ms", trial.measured_ms},
                                           {"held", trial.objection.empty()},
                                           {"objection", trial.objection}});
    }
  }
  auto& course = out["course"].emplace_array();
  for (const auto& second : f.course) course.push_back(object_of(second));
  return boost::json::serialize(out) + "\n";
}

}  // namespace parley::bench
