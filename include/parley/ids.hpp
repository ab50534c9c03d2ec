// The identities of Parley's domain: UUIDs (RFC 9562) with a type for each kind of thing they name.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

/// Sixteen bytes in network order. The nil UUID (all zero) names nothing.
struct uuid {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const uuid&, const uuid&) = default;
  [[nodiscard]] bool is_nil() const { return *this == uuid{}; }
};

/// 36 characters, lower case.
std::string to_string(const uuid& value);
/// Appends the 36 characters without a temporary; the hot path's form.
void append_text(std::string& out, const uuid& value);
/// Accepts the 36 character form in either case; nothing else.
std::optional<uuid> parse_uuid(std::string_view text);

/// A UUID that names one kind of thing only, so that a user's id never stands where a room's belongs.
template <class Tag>
struct id : uuid {
  id() = default;
  explicit id(const uuid& value) : uuid(value) {}
  static std::optional<id> parse(std::string_view text) {
    auto value = parse_uuid(text);
    return value ? std::optional<id>(id(*value)) : std::nullopt;
  }
};

using user_id = id<struct user_tag>;
using room_id = id<struct room_tag>;
using message_id = id<struct message_tag>;
using reaction_id = id<struct reaction_tag>;
using session_id = id<struct session_tag>;
/// Of the deletion of all that somebody wrote in a room: the id of the command that asked for it.
using removal_id = id<struct removal_tag>;

/// Number of a durable event within its room: 1, 2, 3, … without holes. 0 is "before the first".
using sequence = std::int64_t;

/// Source of new ids; a port, so that tests and simulations repeat. Thread-safe.
class id_source {
 public:
  virtual ~id_source() = default;
  /// A new UUIDv7: time-ordered, so that indexes stay local and what came later is the newer in a search.
  virtual uuid next() = 0;
};

/// The real source: the system clock in steps of 1/4096 ms and libsodium's random bits. The ids of one process only
/// rise, unless the clock is set back by ten seconds or more.
id_source& system_ids();

}  // namespace parley

template <>
struct std::hash<parley::uuid> {
  std::size_t operator()(const parley::uuid& value) const noexcept {
    std::uint64_t low;  // the random half of a UUIDv7
    std::memcpy(&low, value.bytes.data() + 8, sizeof low);
    std::uint64_t high;
    std::memcpy(&high, value.bytes.data(), sizeof high);
    return static_cast<std::size_t>(low ^ (high * 0x9E3779B97F4A7C15ULL));
  }
};
template <class Tag>
struct std::hash<parley::id<Tag>> : std::hash<parley::uuid> {};
