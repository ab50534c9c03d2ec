// Reads X-Forwarded-For backwards, as far as its writers are trusted.
#include "net/trusted_proxies.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string_view>

namespace parley {

namespace ip = boost::asio::ip;

namespace {

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code ec;
  auto address = ip::make_address(std::string(text), ec);
  if (ec) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Some proxies write the port too: "192.0.2.1:4711", "[2001:db8::1]:4711".
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  const auto colon = text.find(':');
  const bool is_one = colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  return is_one ? text.substr(0, colon) : text;
}

/// All lines of the header as one list.
std::string forwarded_for(const boost::beast::http::fields& headers) {
  std::string all;
  const auto [first, last] = headers.equal_range("X-Forwarded-For");
  for (auto line = first; line != last; ++line) {
    if (!all.empty()) all += ',';
    all.append(line->value().data(), line->value().size());
  }
  return all;
}

}  // namespace

result<trusted_proxies> trusted_proxies::parse(const std::vector<std::string>& listed) {
  trusted_proxies made;
  for (const auto& entry : listed) {
    boost::system::error_code ec;
    if (entry.find('/') == std::string::npos) {
      const auto address = parse_address(entry);
      if (address && address->is_v4()) {
        made.v4_.emplace_back(address->to_v4(), static_cast<std::uint16_t>(32));
      } else if (address) {
        made.v6_.emplace_back(address->to_v6(), static_cast<std::uint16_t>(128));
      } else {
        return bad_request("net.trusted_proxies: \"" + entry + "\" is no address and no network.");
      }
      continue;
    }
    if (const auto v4 = ip::make_network_v4(entry, ec); !ec) {
      made.v4_.push_back(v4.canonical());
    } else if (const auto v6 = ip::make_network_v6(entry, ec); !ec) {
      made.v6_.push_back(v6.canonical());
    } else {
      return bad_request("net.trusted_proxies: \"" + entry + "\" is no address and no network.");
    }
  }
  return made;
}

std::string trusted_proxies::client_address(const std::string& peer, const boost::beast::http::fields& headers) const {
  if (v4_.empty() && v6_.empty()) return peer;
  auto client = parse_address(peer);
  if (!client) return peer;
  const auto list = forwarded_for(headers);
  std::string_view rest = list;
  while (contains(*client) && !trimmed(rest).empty()) {
    const auto comma = rest.rfind(',');
    const auto before =
        parse_address(without_port(trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1))));
    if (!before) break;
    client = before;
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
  }
  return client->to_string();
}

std::string counted_address(const std::string& address) {
  const auto parsed = parse_address(address);
  if (!parsed || parsed->is_v4()) return parsed ? parsed->to_string() : address;
  return ip::network_v6(parsed->to_v6(), 64).canonical().to_string();
}

bool trusted_proxies::contains(const ip::address& address) const {
  if (address.is_v4()) {
    return std::any_of(v4_.begin(), v4_.end(), [own = address.to_v4()](const auto& network) {
      return ip::network_v4(own, network.prefix_length()).canonical() == network.canonical();
    });
  }
  return std::any_of(v6_.begin(), v6_.end(), [own = address.to_v6()](const auto& network) {
    return ip::network_v6(own, network.prefix_length()).canonical() == network.canonical();
  });
}

}  // namespace parley
