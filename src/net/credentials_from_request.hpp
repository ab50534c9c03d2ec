// Where a request bears its token.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <optional>
#include <string>

#include "net/http_target.hpp"

namespace parley {

struct request_credentials {
  std::optional<std::string> token;  ///< As given; whether it is a token says `authenticate`.
  std::string subprotocol;           ///< "parley.v1" when the client offers it: the upgrade's answer names it.
};

/// REST: `Authorization: Bearer T` alone.
std::optional<std::string> bearer_token(const boost::beast::http::fields& headers);

/// WebSocket: the first found of Authorization, Sec-WebSocket-Protocol (`parley.v1, parley.token.T`),
/// `?token=T`.
request_credentials websocket_credentials(const boost::beast::http::fields& headers, const http_target& target);

}  // namespace parley
