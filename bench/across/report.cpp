// A table with a line for each thing that was timed, and the page.
#include "across/report.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace parley::bench {
namespace {

std::string line(const std::string& name, const percentiles& p) {
  return fmt::format("  {:<54}{:>9}{:>9.2f}{:>9.2f}{:>9.2f}{:>9.2f}\n", name, p.count, p.p50_ms, p.p99_ms, p.p999_ms,
                     p.max_ms);
}

std::string cpu_part(const char* name, std::optional<double> us) {
  return us ? fmt::format("{} {:.1f} us, ", name, *us) : std::string();
}

boost::json::object object_of(const percentiles& p) {
  return {{"count", p.count}, {"p50_ms", p.p50_ms}, {"p99_ms", p.p99_ms}, {"p999_ms", p.p999_ms}, {"max_ms", p.max_ms}};
}

template <class Value>
void put(boost::json::object& out, const char* name, const std::optional<Value>& value) {
  if (!value) {
    out[name] = nullptr;
  } else if constexpr (std::is_same_v<Value, percentiles>) {
    out[name] = object_of(*value);
  } else {
    out[name] = *value;
  }
}

}  // namespace

std::optional<double> across_figures::ratio() const {
  if (!hop || !commit || hop->count == 0 || commit->count == 0) return std::nullopt;
  return delivery.p99_ms / (commit->p99_ms + hop->p99_ms);
}

std::string to_text(const across_options& options, const across_figures& f) {
  auto out = fmt::format(
      "\n{:.0f} messages a second over {} rooms, {} B, {:.0f} s: {} delivered, none lost, refused or late\n", f.rate,
      options.rooms, options.size, options.seconds, f.messages);
  out += fmt::format("  {:<54}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "", "count", "p50 ms", "p99", "p99.9", "max");
  out += line("delivery: from its time to the other node's client", f.delivery);
  out += line("ack: from its time to the sender", f.ack);
  out += line("send: after its time (the tool's own delay)", f.delay);
  if (f.hop) out += line("raw hop: XADD to a waiting XREAD", *f.hop);
  if (f.commit) out += line("commit of one row", *f.commit);
  if (f.transactions.count() > 0) {
    const auto ms = [&](double share) { return f.transactions.quantile(share) * 1e3; };
    out += fmt::format("  {:<54}{:>9.0f}{:>9.2f}{:>9.2f}{:>9.2f}{:>9}\n", "the node's transactions (its histogram)",
                       f.transactions.count(), ms(0.5), ms(0.99), ms(0.999), "-");
  }
  out += fmt::format("  CPU for a delivery: {}{}the tool {:.1f} us; load average {:.1f}\n",
                     cpu_part("both nodes", f.node_cpu_us), cpu_part("PostgreSQL", f.database_cpu_us), f.tool_cpu_us,
                     f.load_average);
  if (const auto ratio = f.ratio())
    out += fmt::format("  p99 of the delivery / (p99 of a commit + p99 of a raw hop) = {:.2f}; goal at most {}\n",
                       *ratio, across_goal);
  return out;
}

load_report to_report(const across_options& options, const across_figures& f) {
  load_report out;
  out.scenario = "across";
  out.title = fmt::format("{:.0f} messages a second over {} rooms, {} B, {:.0f} s", f.rate, options.rooms, options.size,
                          options.seconds);
  out.server = options.node_urls.empty() ? "two nodes on PostgreSQL and Redis" : "two nodes that run already";
  out.course = f.course;
  if (!f.objection.empty()) {
    out.verdict = {"no figures: " + f.objection, false};
    return out;
  }
  out.verdict = {fmt::format("{} delivered, none lost, refused or late", f.messages), true};
  out.latencies = f.latencies;
  const auto add_cpu = [&](const char* key, const char* name, std::optional<double> us) {
    if (us) out.figures.push_back({key, name, *us, "us"});
  };
  add_cpu("node_cpu_us", "both nodes' CPU for a delivery", f.node_cpu_us);
  add_cpu("database_cpu_us", "PostgreSQL's CPU for a delivery", f.database_cpu_us);
  add_cpu("tool_cpu_us", "the tool's CPU for a delivery", f.tool_cpu_us);
  out.figures.push_back({"load_average", "the machine's load average", f.load_average, ""});
  if (f.transactions.count() > 0) {
    const auto ms = [&](double share) { return f.transactions.quantile(share) * 1e3; };
    out.tables.push_back({"node_transactions",
                          "The node's transactions (its histogram)",
                          {{"count", "count"}, {"p50_ms", "p50 ms"}, {"p99_ms", "p99"}, {"p999_ms", "p99.9"}},
                          {{f.transactions.count(), ms(0.5), ms(0.99), ms(0.999)}}});
  }
  if (const auto ratio = f.ratio()) {
    out.tables.push_back({"goals",
                          "The goal",
                          {{"name", ""}, {"ratio", "ratio"}, {"goal", "goal"}},
                          {{"p99 of the delivery / (p99 of a commit + p99 of a raw hop)", *ratio,
                            fmt::format("<= {:g}", across_goal)}}});
  }
  return out;
}

std::string to_json(const across_options& options, const std::vector<across_figures>& runs) {
  boost::json::object out{
      {"rooms", options.rooms}, {"size", options.size}, {"seconds", options.seconds}, {"goal", across_goal}};
  auto& list = out["runs"].emplace_array();
  for (const auto& f : runs) {
    boost::json::object run{{"rate", f.rate},
                            {"messages", f.messages},
                            {"delivery", object_of(f.delivery)},
                            {"ack", object_of(f.ack)},
                            {"send_delay", object_of(f.delay)},
                            {"tool_cpu_us", f.tool_cpu_us},
                            {"load_average", f.load_average}};
    put(run, "raw_hop", f.hop);
    put(run, "commit", f.commit);
    put(run, "node_cpu_us", f.node_cpu_us);
    put(run, "database_cpu_us", f.database_cpu_us);
    put(run, "ratio", f.ratio());
    if (f.transactions.count() > 0)
      run["node_transactions"] = {{"count", f.transactions.count()},
                                  {"p50_ms", f.transactions.quantile(0.5) * 1e3},
                                  {"p99_ms", f.transactions.quantile(0.99) * 1e3},
                                  {"p999_ms", f.transactions.quantile(0.999) * 1e3}};
    list.push_back(std::move(run));
  }
  return boost::json::serialize(out) + "\n";
}

}  // namespace parley::bench
