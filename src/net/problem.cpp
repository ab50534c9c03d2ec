// Errors to application/problem+json.
#include "net/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "net/json_writer.hpp"

namespace parley {

http_reply problem(const error& what) { return problem(what, static_cast<unsigned>(http_status(what.code))); }

http_reply problem(const error& what, unsigned status) {
  http_reply reply{status, {}, "application/problem+json"};
  // Type and title belong to the code; a page of our own explains it, and what to do.
  const auto usual = static_cast<unsigned>(http_status(what.code));
  const auto title = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(usual));
  json::object_writer(reply.body)
      .field("type", fmt::format("/docs/errors/{}", to_string(what.code)))
      .field("title", std::string_view(title.data(), title.size()))
      .field("status", status)
      .field("code", to_string(what.code))
      .field("detail", what.message)
      .field("retry_after_ms", what.retry_after_ms);
  if (status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (what.retry_after_ms) {
    const auto seconds = std::max<std::int64_t>(1, (*what.retry_after_ms + 999) / 1000);
    reply.headers.emplace_back("Retry-After", fmt::to_string(seconds));
  }
  return reply;
}

http_reply method_not_allowed(const std::string& allow) {
  auto reply = problem(make_error(error_code::method_not_allowed, fmt::format("method: this path takes {}", allow)));
  reply.headers.emplace_back("Allow", allow);
  return reply;
}

}  // namespace parley
