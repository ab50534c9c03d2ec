// What can go wrong, in the words of the wire contract; the one table from inner errors to HTTP and WebSocket.
#pragma once

#include <boost/system/result.hpp>
#include <boost/throw_exception.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace parley {

enum class error_code : std::uint8_t {
  bad_request,         ///< The request is malformed or a field breaks a rule; sending it again will not help.
  unauthenticated,     ///< No token, or one that is unknown, expired or revoked.
  forbidden,           ///< You see it but may not do this to it.
  not_found,           ///< It does not exist, or you may not see it.
  method_not_allowed,  ///< The path exists, the HTTP method does not.
  conflict,            ///< It contradicts what is stored: a name is taken, the room is private.
  too_large,           ///< Content, file or frame over its limit.
  rate_limited,        ///< Too fast; wait retry_after_ms.
  busy,                ///< Not accepted: a queue is full; send again.
  unavailable,         ///< May or may not be stored: the same client_msg_id settles it.
  internal,            ///< Our fault.
};

/// The code's name on the wire, such as "bad_request".
std::string_view to_string(error_code code);
/// The HTTP status of the contract's table.
int http_status(error_code code);

struct error {
  error_code code = error_code::internal;
  std::string message;  ///< For people: names the field and the limit; never a secret or a message's content.
  std::optional<std::int64_t> retry_after_ms{};
};

/// Thrown by `result::value()` on an error: a programmer's mistake, since callers test first.
class bad_result_access : public std::logic_error {
 public:
  explicit bad_result_access(const error& e) : std::logic_error(e.message) {}
};

[[noreturn]] inline void throw_exception_from_error(const error& e, const boost::source_location&) {
  throw bad_result_access(e);
}

template <class T>
using result = boost::system::result<T, error>;

inline error make_error(error_code code, std::string message) { return {code, std::move(message), {}}; }
inline error bad_request(std::string message) { return make_error(error_code::bad_request, std::move(message)); }
inline error not_found(std::string message) { return make_error(error_code::not_found, std::move(message)); }
inline error forbidden(std::string message) { return make_error(error_code::forbidden, std::move(message)); }
inline error unavailable(std::string message) { return make_error(error_code::unavailable, std::move(message)); }
inline error busy(std::string message, std::int64_t retry_after_ms) {
  return {error_code::busy, std::move(message), retry_after_ms};
}

/// WebSocket close codes that Parley sends (RFC 6455 section 7.4 and the 4000 range for applications).
enum class close_code : std::uint16_t {
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  invalid_utf8 = 1007,
  too_big = 1009,
  restarting = 1012,
  overloaded = 1013,
  too_many_bad_frames = 4400,
  token_ended = 4401,
  not_allowed = 4403,
  too_slow = 4408,
  rate_limit_ignored = 4429,
};

/// The sentence that goes with the code in the close frame; at most 123 bytes.
std::string_view reason(close_code code);

}  // namespace parley
