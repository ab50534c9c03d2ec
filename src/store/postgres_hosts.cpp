// Takes a URL's lists of hosts, addresses and ports apart.
#include "store/postgres_hosts.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace parley {
namespace {

using string_list = std::vector<std::string>;

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

std::vector<postgres_host> postgres_hosts_of(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(PQconninfoParse(url.c_str(), nullptr),
                                                                            &PQconninfoFree);
  string_list names, addresses, ports;
  for (const auto* option = parsed.get(); option != nullptr && option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    const std::string_view value = option->val != nullptr ? option->val : "";
    if (keyword == "host") names = split(value);
    if (keyword == "hostaddr") addresses = split(value);
    if (keyword == "port") ports = split(value);
  }
  const auto count = std::max(names.size(), addresses.size());
  const auto fits = [&](const string_list& parts) { return parts.empty() || parts.size() == count; };
  if (count < 2 || !fits(names) || !fits(addresses) || (ports.size() != 1 && !fits(ports))) return {{}};
  std::vector<postgres_host> hosts(count);
  for (std::size_t i = 0; i < count; ++i) {
    hosts[i] = {at(names, i), at(addresses, i), ports.size() == 1 ? ports[0] : at(ports, i)};
  }
  return hosts;
}

}  // namespace parley
