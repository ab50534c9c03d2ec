// REST calls of the tool, one connection each.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "support/client_socket.hpp"

namespace parley::bench {

struct rest_answer {
  int status = 0;
  std::string body;
};

struct rest_request {
  std::string method = "GET";
  std::string path;
  std::string token;
  std::string body;  ///< JSON; empty: none.
  int timeout_ms = 10'000;
  std::string idempotency_key{};  ///< Empty: none.
};

/// As it goes over the wire; the server is to close the connection behind its answer.
std::string text_of(const rest_request& request, const std::string& host);
/// Blocks. Throws std::runtime_error when no answer comes.
rest_answer call(const support::target& server, const rest_request& request);
/// The body as an object. Throws std::runtime_error that names the call when the status is not 2xx.
boost::json::object call_json(const support::target& server, const rest_request& request);

}  // namespace parley::bench
