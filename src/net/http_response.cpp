// Headers that every response bears.
#include "net/http_response.hpp"

#include <fmt/chrono.h>

#include "net/origin_policy.hpp"

namespace parley {

namespace http = boost::beast::http;

namespace {

constexpr auto content_security_policy =
    "default-src 'self'; img-src 'self' https: blob: data:; connect-src 'self' ws: wss:; frame-ancestors "
    "'none'";

std::string text_of(boost::beast::string_view value) { return {value.data(), value.size()}; }

std::string http_date(timestamp now) {
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

void add_cors(http_response& response, const request_facts& request, const config& settings) {
  response.set(http::field::vary, "Origin");
  if (request.origin.empty() || !origin_is_allowed(request.origin, request.host, settings)) return;
  response.set(http::field::access_control_allow_origin, request.origin);
  response.set(http::field::access_control_expose_headers, "Retry-After, ETag, Content-Range, Content-Disposition");
}

}  // namespace

request_facts request_facts::of(const http_request& request) {
  return {request.method(), request.version(), request.keep_alive(), text_of(request[http::field::origin]),
          text_of(request[http::field::host])};
}

http_response make_response(http_reply reply, const request_facts& request, const config& settings, timestamp now) {
  http_response response;
  response.version(request.version);
  response.result(reply.status);
  response.set(http::field::server, "parley");
  response.set(http::field::date, http_date(now));
  response.set(http::field::cache_control, "no-store");  // answers bear tokens and messages
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Content-Security-Policy", content_security_policy);
  response.set("Referrer-Policy", "no-referrer");
  add_cors(response, request, settings);
  for (const auto& [name, value] : reply.headers) response.set(name, value);

  const bool may_have_body = reply.status != 204 && reply.status != 304;
  if (may_have_body) {
    response.set(http::field::content_type, reply.content_type);
    response.content_length(reply.source ? reply.source->size() : reply.body.size());
    if (request.method != http::verb::head) response.body() = std::move(reply.body);
  }
  response.keep_alive(request.keep_alive);
  return response;
}

http_reply options_reply(const http_request& request, const std::string& allow, const config& settings) {
  http_reply reply{204, {}, {}, {{"Allow", allow}}};
  const auto facts = request_facts::of(request);
  const bool is_preflight = !facts.origin.empty() && request.count(http::field::access_control_request_method) > 0;
  if (!is_preflight) return reply;
  if (!origin_is_allowed(facts.origin, facts.host, settings)) {
    return problem(forbidden("Origin: not this host, and not in net.allowed_origins"));
  }
  reply.headers.emplace_back("Access-Control-Allow-Methods", allow);
  reply.headers.emplace_back("Access-Control-Allow-Headers",
                             "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, Range");
  reply.headers.emplace_back("Access-Control-Max-Age", "600");
  return reply;
}

}  // namespace parley
