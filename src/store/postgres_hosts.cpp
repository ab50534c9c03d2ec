// Takes a URL's lists of hosts, addresses and ports apart.
#include "store/postgres_hosts.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace parley {
namespace {

using string_list = std::vector<std::string>;

/// libpq's own, for a server of a list that names none.
constexpr const char* usual_port = "5432";

string_list split(std::string_view text) {
  string_list parts;
  if (text.empty()) return parts;
  for (;;) {
    const auto end = text.find(',');
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string at(const string_list& parts, std::size_t i) { return i < parts.size() ? parts[i] : std::string(); }

}  // namespace

std::vector<postgres_server_address> postgres_servers_of(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(PQconninfoParse(url.c_str(), nullptr),
                                                                            &PQconninfoFree);
  string_list names, addresses, ports;
  std::vector<std::pair<std::string, std::string>> shared{{"target_session_attrs", "read-write"}};
  for (const auto* option = parsed.get(); option != nullptr && option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    const std::string_view value = option->val != nullptr ? option->val : "";
    if (keyword == "host") {
      names = split(value);
    } else if (keyword == "hostaddr") {
      addresses = split(value);
    } else if (keyword == "port") {
      ports = split(value);
    } else if (!value.empty()) {
      shared.emplace_back(keyword, value);  // behind ours, which it overrides
    }
  }
  const auto count = std::max(names.size(), addresses.size());
  const auto fits = [&](const string_list& parts) { return parts.empty() || parts.size() == count; };
  if (count < 2 || !fits(names) || !fits(addresses) || (ports.size() != 1 && !fits(ports))) {
    return {{{}, {{"dbname", url}}}};
  }
  std::vector<postgres_server_address> servers(count);
  for (std::size_t i = 0; i < count; ++i) {
    // One by one and not as lists in a URL, whose other elements libpq would see beside them.
    const auto name = at(names, i), address = at(addresses, i);
    auto port = ports.size() == 1 ? ports[0] : at(ports, i);
    if (port.empty() && !ports.empty()) port = usual_port;
    servers[i].name = name.empty() ? address : name;
    if (!port.empty()) servers[i].name += ':' + port;
    servers[i].settings = shared;
    servers[i].settings.emplace_back("host", name);
    servers[i].settings.emplace_back("hostaddr", address);
    servers[i].settings.emplace_back("port", std::move(port));
  }
  return servers;
}

}  // namespace parley
