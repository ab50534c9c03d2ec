// Reads tokens out of headers and, for WebSockets, the query.
#include "net/credentials_from_request.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace parley {

namespace http = boost::beast::http;

std::optional<std::string> bearer_token(const http::fields& headers) {
  const auto value = headers[http::field::authorization];
  constexpr std::size_t scheme_bytes = 7;
  if (value.size() < scheme_bytes || !boost::beast::iequals(value.substr(0, scheme_bytes), "bearer "))
    return std::nullopt;
  auto token = value.substr(scheme_bytes);
  while (!token.empty() && token.front() == ' ') token.remove_prefix(1);
  return std::string(token.data(), token.size());
}

request_credentials websocket_credentials(const http::fields& headers, const http_target& target) {
  constexpr std::string_view prefix = "parley.token.";
  request_credentials found;
  std::optional<std::string> offered;
  const auto [first, last] = headers.equal_range(http::field::sec_websocket_protocol);
  for (auto header = first; header != last; ++header) {
    for (const auto item : http::token_list(header->value())) {
      const std::string_view protocol(item.data(), item.size());
      if (protocol == "parley.v1") found.subprotocol = protocol;
      if (!offered && protocol.starts_with(prefix)) offered = protocol.substr(prefix.size());
    }
  }
  found.token = bearer_token(headers);
  if (!found.token) found.token = offered;
  if (!found.token) found.token = target.query_field("token");
  return found;
}

}  // namespace parley
