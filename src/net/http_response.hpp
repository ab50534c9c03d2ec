// From a handler's reply to the HTTP response: security headers, CORS, keep-alive, HEAD.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "net/connection_context.hpp"
#include "net/problem.hpp"
#include "parley/clock.hpp"
#include "parley/config.hpp"

namespace parley {

using http_response = boost::beast::http::response<boost::beast::http::string_body>;

/// What a response needs to know of its request, which a handler may hold by then.
struct request_facts {
  boost::beast::http::verb method = boost::beast::http::verb::unknown;
  unsigned version = 11;
  bool keep_alive = false;
  std::string origin;  ///< Empty when there is none.
  std::string host;

  static request_facts of(const http_request& request);
};

/// `now` is for the Date header.
http_response make_response(http_reply reply, const request_facts& request, const config& settings, timestamp now);

/// The answer to OPTIONS on a path that takes the methods of `allow`: a CORS preflight's, or the plain list.
http_reply options_reply(const http_request& request, const std::string& allow, const config& settings);

}  // namespace parley
