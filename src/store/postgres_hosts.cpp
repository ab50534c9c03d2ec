// Takes a URL's lists of hosts, addresses and ports apart.
#include "store/postgres_hosts.hpp"

#include <libpq-fe.h>
#include <netdb.h>

#include <algorithm>
#include <array>
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

/// A folder with a socket in it, or an abstract one.
bool is_path(const std::string& host) { return host.starts_with('/') || host.starts_with('@'); }

/// One by one and not as lists in a URL, whose other elements libpq would see beside them.
postgres_server_address make_server(const std::string& name, const std::string& address, const std::string& port,
                                    const std::vector<std::pair<std::string, std::string>>& shared) {
  postgres_server_address server;
  server.name = name.empty() ? address : name;
  if (!port.empty()) server.name += ':' + port;
  if (!name.empty() && !address.empty() && address != name) server.name += " (" + address + ')';
  server.settings = shared;
  server.settings.emplace_back("host", name);
  server.settings.emplace_back("hostaddr", address);
  server.settings.emplace_back("port", port);
  return server;
}

}  // namespace

std::vector<std::string> addresses_of(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;  // else each comes once for every kind
  addrinfo* first = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &wanted, &first) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(first, &freeaddrinfo);
  std::vector<std::string> addresses;
  for (const auto* each = first; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    if (std::find(addresses.begin(), addresses.end(), text.data()) == addresses.end())
      addresses.emplace_back(text.data());
  }
  return addresses;
}

std::vector<postgres_server_address> postgres_servers_of(const std::string& url, const host_resolver& resolve) {
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
  std::vector<postgres_server_address> url_itself{{{}, {{"dbname", url}}}};
  if (!fits(names) || !fits(addresses) || (ports.size() != 1 && !fits(ports))) return url_itself;
  std::vector<postgres_server_address> servers;
  std::string resolved_address;
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = at(names, i), address = at(addresses, i);
    auto port = ports.size() == 1 ? ports[0] : at(ports, i);
    if (port.empty() && !ports.empty()) port = usual_port;
    string_list found{address};
    if (address.empty() && !name.empty() && !is_path(name)) {
      // libpq takes all of a name's addresses for one server, and would spend its time on the first that is silent.
      if (auto resolved = resolve(name); !resolved.empty()) found = std::move(resolved);
      resolved_address = found[0];
    }
    for (const auto& each : found) servers.push_back(make_server(name, each, port, shared));
  }
  if (servers.size() > 1) return servers;
  // So that it is not looked up once more.
  if (servers.size() == 1 && !resolved_address.empty()) {
    url_itself[0].settings.emplace_back("hostaddr", resolved_address);
  }
  return url_itself;
}

}  // namespace parley
