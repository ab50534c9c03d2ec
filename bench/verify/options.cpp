// Reading faults and addresses from the command line.
#include "verify/options.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <stdexcept>

namespace parley::bench {
namespace {

using std::chrono::milliseconds;

constexpr int usual_presence_ttl = 30;
constexpr int short_presence_ttl = 6;
constexpr std::string_view presence_ttl_setting = "presence.ttl_seconds=";

struct fault_row {
  fault_kind kind;
  const char* name;
  int lasts_ms;       ///< The default.
  const char* takes;  ///< The options besides every=.
  const char* what;
};

constexpr std::array<fault_row, 13> fault_rows{{
    {fault_kind::kill_node, "kill-node", 0, "down,untold",
     "SIGKILL to a node, which starts again after down=0s; untold=300ms takes Redis from it for so long before"},
    {fault_kind::stop_node, "stop-node", 3000, "for", "SIGSTOP to a node for=3s, then SIGCONT"},
    {fault_kind::restart_node, "restart-node", 0, "",
     "SIGTERM to the nodes in turn, each waited for until it exits with 0, and started again"},
    {fault_kind::kill_redis, "kill-redis", 0, "down", "SIGKILL to Redis, which comes back empty after down=0s"},
    {fault_kind::flush_redis, "flush-redis", 0, "", "FLUSHALL"},
    {fault_kind::pause_redis, "pause-redis", 2000, "for", "SIGSTOP to Redis for=2s, then SIGCONT"},
    {fault_kind::cut_redis, "cut-redis", 2000, "for", "a node's connections to Redis end at random bytes for=2s"},
    {fault_kind::partition_redis, "partition-redis", 3000, "for",
     "between a node and Redis nothing passes for=3s, and nothing is closed"},
    {fault_kind::restart_postgres, "restart-postgres", 0, "down",
     "PostgreSQL stops at once, as in a crash, and starts again after down=0s"},
    {fault_kind::cut_postgres, "cut-postgres", 2000, "for",
     "a node's connections to PostgreSQL end at random bytes for=2s"},
    {fault_kind::partition_postgres, "partition-postgres", 3000, "for",
     "between a node and PostgreSQL nothing passes for=3s, and nothing is closed"},
    {fault_kind::kill_all, "kill-all", 0, "down", "SIGKILL to all nodes and Redis, which start again after down=0s"},
    {fault_kind::command, "command", 0, "for,run,undo", "a shell runs run='...', and undo='...' after for=0s"},
}};

milliseconds parse_time(const std::string& option, const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const double scale = unit == "ms" ? 1 : unit == "s" || unit.empty() ? 1000 : unit == "m" ? 60'000 : 0;
  if (error != std::errc() || scale == 0 || number < 0)
    throw std::invalid_argument(option + "=" + text + " is no time; write 300ms, 3s or 1m");
  return milliseconds(static_cast<std::int64_t>(number * scale));
}

/// "a=1,b='x,y'" in its parts.
std::vector<std::string> split_options(const std::string& text) {
  std::vector<std::string> parts(1);
  char quote = 0;
  for (const char c : text) {
    if (quote == 0 && c == ',') {
      parts.emplace_back();
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

bool takes(const fault_row& row, const std::string& option) {
  return (std::string(",") + row.takes + ",").find("," + option + ",") != std::string::npos;
}

void set_option(fault_spec& spec, const fault_row& row, const std::string& part) {
  const auto equals = part.find('=');
  const auto option = part.substr(0, equals);
  if (equals == std::string::npos || (option != "every" && !takes(row, option)))
    throw std::invalid_argument(
        fmt::format("{} knows every{}{}, not '{}'", row.name, *row.takes != 0 ? "," : "", row.takes, part));
  const auto value = part.substr(equals + 1);
  if (option == "run") {
    spec.run = value;
  } else if (option == "undo") {
    spec.undo = value;
  } else {
    (option == "every" ? spec.every : option == "untold" ? spec.untold : spec.lasts) = parse_time(option, value);
  }
}

}  // namespace

fault_spec parse_fault(const std::string& text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const auto row = std::find_if(fault_rows.begin(), fault_rows.end(), [&](const auto& r) { return name == r.name; });
  if (row == fault_rows.end()) throw std::invalid_argument("there is no fault '" + name + "'; see --help");
  fault_spec spec;
  spec.kind = row->kind;
  spec.name = row->name;
  spec.lasts = milliseconds(row->lasts_ms);
  if (colon != std::string::npos)
    for (const auto& part : split_options(text.substr(colon + 1))) set_option(spec, *row, part);
  if (spec.every < milliseconds(100)) throw std::invalid_argument(name + ": every= is at least 100ms");
  if (spec.kind == fault_kind::command && spec.run.empty()) throw std::invalid_argument("command needs run='...'");
  return spec;
}

std::string fault_help() {
  std::string out = "Faults, each as NAME:every=5s,OPTION=...:\n";
  for (const auto& row : fault_rows) out += fmt::format("  {:<20}{}\n", row.name, row.what);
  return out;
}

support::target parse_node(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  const auto colon = url.rfind(':');
  int port = 0;
  if (url.rfind(scheme, 0) == 0 && colon > scheme.size()) {
    const auto end = url.find('/', colon);
    std::from_chars(url.data() + colon + 1, url.data() + std::min(end, url.size()), port);
  }
  if (port < 1 || port > 65'535)
    throw std::invalid_argument("'" + url + "' is not http://HOST:PORT (TLS is not spoken here: name the node itself)");
  const auto host = url.substr(scheme.size(), colon - scheme.size());
  addrinfo hints{};
  hints.ai_family = AF_INET;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr)
    throw std::invalid_argument("the host " + host + " is not known");
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::array<char, NI_MAXHOST> numeric{};
  ::getnameinfo(found->ai_addr, found->ai_addrlen, numeric.data(), numeric.size(), nullptr, 0, NI_NUMERICHOST);
  return {numeric.data(), static_cast<std::uint16_t>(port)};
}

int presence_ttl_seconds(const verify_options& options) {
  if (!options.node_urls.empty()) return options.presence_ttl > 0 ? options.presence_ttl : usual_presence_ttl;
  int seconds = options.presence_ttl > 0 ? options.presence_ttl : short_presence_ttl;
  for (const auto& setting : options.settings) {  // the last one counts, as it does for the node
    if (!setting.starts_with(presence_ttl_setting)) continue;
    const auto* const end = setting.data() + setting.size();
    const auto read = std::from_chars(setting.data() + presence_ttl_setting.size(), end, seconds);
    if (read.ec != std::errc() || read.ptr != end) throw std::invalid_argument(setting + " is no number of seconds");
  }
  return seconds;
}

void validate(const verify_options& options) {
  const bool is_foreign = !options.node_urls.empty();
  for (const auto& spec : options.faults) {
    if (is_foreign && spec.kind != fault_kind::command)
      throw std::invalid_argument(spec.name +
                                  " needs nodes that are started here; with --node give a command:run='...'");
    if (!options.postgres_url.empty() && spec.kind == fault_kind::restart_postgres)
      throw std::invalid_argument("restart-postgres needs a PostgreSQL that is started here, not --postgres");
  }
  if (options.presence_ttl > 0 && presence_ttl_seconds(options) != options.presence_ttl)
    throw std::invalid_argument("--presence-ttl and --set presence.ttl_seconds say different things");
  if (is_foreign && !options.postgres_url.empty())
    throw std::invalid_argument("--postgres is for nodes that are started here");
}

}  // namespace parley::bench
