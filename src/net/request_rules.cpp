// RFC 9110 and 9112, as strict as what stands between us and clients may be lax.
#include "net/request_rules.hpp"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>
#include <iterator>

#include "net/origin_policy.hpp"

namespace parley {
namespace {

namespace http = boost::beast::http;

constexpr std::ptrdiff_t most_fields = 100;

/// What we and a proxy before us may measure differently, so that the one's body is the other's next request (RFC 9112
/// section 6.3). Beast takes a list that ends in chunked for chunked, and any other coding for no body at all.
bool has_unsound_length(const http::request_header<>& fields) {
  const auto codings = fields.count(http::field::transfer_encoding);
  return codings > 0 && (codings > 1 || !boost::beast::iequals(fields[http::field::transfer_encoding], "chunked") ||
                         fields.count(http::field::content_length) > 0 || fields.version() < 11);
}

}  // namespace

bool waits_for_continue(const http::request_header<>& fields) {
  return fields.version() >= 11 && boost::beast::iequals(fields[http::field::expect], "100-continue");
}

std::optional<http_reply> header_fault(const http::request_header<>& fields) {
  if (std::distance(fields.begin(), fields.end()) > most_fields) {
    return problem(bad_request(fmt::format("headers: at most {}", most_fields)), 431);
  }
  if (has_unsound_length(fields)) {
    return problem(bad_request("Transfer-Encoding: only chunked, in HTTP/1.1, and without Content-Length"));
  }
  const bool expects = fields.version() >= 11 && !fields[http::field::expect].empty();
  if (expects && !waits_for_continue(fields)) return problem(bad_request("Expect: only 100-continue is known"), 417);
  return std::nullopt;
}

std::optional<http_reply> host_fault(const http::request_header<>& fields, const std::string& host,
                                     const config& settings) {
  const auto hosts = fields.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && fields.version() >= 11)) return problem(bad_request("Host: exactly one"));
  if (settings.dev && !host_header_is_loopback(host)) {
    return problem(forbidden("Host: in development mode only a loopback name"));
  }
  return std::nullopt;
}

bool is_upload(const http::request_header<>& fields) {
  constexpr std::string_view uploads_path = "/api/v1/files";
  const auto target = fields.target();
  return fields.method() == http::verb::post && target.substr(0, target.find('?')) == uploads_path;
}

std::optional<http_reply> read_fault(boost::system::error_code ec, std::uint32_t header_bytes,
                                     std::uint64_t body_bytes) {
  // Beast's conditions compare by category; anything else is the socket's end or our own deadline.
  if (ec == http::error::end_of_stream || ec == http::error::partial_message) return std::nullopt;
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
    return problem(bad_request(fmt::format("headers: at most {} bytes", header_bytes)), 431);
  }
  if (ec == http::error::body_limit) return body_too_large(body_bytes);
  static const auto& http_category = make_error_code(http::error::end_of_stream).category();
  if (ec.category() == http_category) return problem(bad_request("request: is not valid HTTP/1.1"));
  return std::nullopt;
}

http_reply body_too_large(std::uint64_t limit) {
  return problem(make_error(error_code::too_large, fmt::format("body: at most {} bytes", limit)));
}

}  // namespace parley
