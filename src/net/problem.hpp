// What a handler answers, before it becomes an HTTP response; errors as RFC 9457 problem details.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/body_stream.hpp"
#include "parley/error.hpp"

namespace parley {

struct http_reply {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::shared_ptr<byte_source> source{};  ///< In place of `body`.
};

/// The contract's table gives the status. `unauthenticated` brings WWW-Authenticate, waiting brings
/// Retry-After.
http_reply problem(const error& what);
/// For what HTTP knows and the contract's codes do not tell apart (417, 426, 431).
http_reply problem(const error& what, unsigned status);
/// 405 with the methods that there are.
http_reply method_not_allowed(const std::string& allow);

}  // namespace parley
