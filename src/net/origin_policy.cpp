// Compares origins as RFC 6454 has them: scheme, host, port, with default ports filled in.
#include "net/origin_policy.hpp"

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>
#include <optional>
#include <string>

namespace parley {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

struct web_origin {
  std::string scheme, host, port;
  friend bool operator==(const web_origin&, const web_origin&) = default;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// As a browser writes it: without zeros in front.
bool is_port(std::string_view text) {
  if (text.size() > 5 || text.starts_with('0') || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  return text.empty() || std::stoi(std::string(text)) <= 65'535;
}

/// Of a page: files have the origin "null", and the WebSocket's own schemes are never a page's.
bool is_scheme(std::string_view text) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (text == "ws" || text == "wss" || text == "file") return false;
  return !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

/// As a browser writes it: names in their ASCII form, IPv6 in its shortest. `text` is in lower case.
bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    const std::string address(text.substr(1, text.size() - 2));
    boost::system::error_code fault;
    return boost::asio::ip::make_address_v6(address, fault).to_string() == address && !fault;
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

/// Host and port of "host", "host:port", "[v6]:port".
std::optional<std::pair<std::string, std::string>> split_authority(std::string_view authority) {
  const auto host_end = authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':');
  if (authority.starts_with('[') && host_end == 0) return std::nullopt;  // find gave npos
  auto host = lower(authority.substr(0, host_end));
  auto rest = host_end == std::string_view::npos ? std::string_view() : authority.substr(host_end);
  if (!is_host(host)) return std::nullopt;
  if (!rest.empty()) {
    if (rest.front() != ':') return std::nullopt;
    rest.remove_prefix(1);
  }
  if (!is_port(rest)) return std::nullopt;
  return std::pair(std::move(host), std::string(rest));
}

std::optional<web_origin> parse_origin(std::string_view text) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  auto scheme = lower(text.substr(0, scheme_end));
  const auto authority = split_authority(text.substr(scheme_end + 3));
  if (!authority || !is_scheme(scheme)) return std::nullopt;
  auto port = authority->second;
  if (port.empty() && scheme == "https") port = "443";
  if (port.empty() && scheme == "http") port = "80";
  return web_origin{std::move(scheme), authority->first, std::move(port)};
}

/// As it stands in an authority: IPv6 in brackets, and only there.
bool is_loopback_name(const std::string& host) { return host == "[::1]" || (host != "::1" && is_loopback_host(host)); }

}  // namespace

bool origin_is_allowed(std::string_view origin, std::string_view host, const config& settings) {
  const auto asked = parse_origin(origin);
  if (!asked) return false;
  // Behind a proxy that ends TLS we cannot know our own scheme; the browser's is taken for both.
  if (asked->scheme == "https" || asked->scheme == "http") {
    if (parse_origin(asked->scheme + "://" + std::string(host)) == asked) return true;
    if (settings.dev && is_loopback_name(asked->host)) return true;
  }
  return std::any_of(settings.net.allowed_origins.begin(), settings.net.allowed_origins.end(),
                     [&](const std::string& allowed) { return parse_origin(allowed) == asked; });
}

result<void> check_allowed_origins(const config& settings) {
  for (const auto& allowed : settings.net.allowed_origins) {
    if (!parse_origin(allowed)) {
      return bad_request("net.allowed_origins: \"" + allowed +
                         "\" is not an origin; write scheme, host and, if need be, port, such as"
                         " https://chat.example.org");
    }
  }
  return {};
}

bool host_header_is_loopback(std::string_view host) {
  const auto parts = split_authority(host);
  return parts && is_loopback_name(parts->first);
}

}  // namespace parley
