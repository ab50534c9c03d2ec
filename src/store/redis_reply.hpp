// Redis' answers as they are taken apart: each step says what it expects, and anything else is a failure.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// Whatever went wrong between us and Redis. The text holds neither a password nor what was stored.
class redis_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// The other side has closed the connection, perhaps long since: whoever had it open may try a new one at once.
class redis_connection_lost : public redis_error {
 public:
  using redis_error::redis_error;
};

struct free_reply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using redis_reply = std::unique_ptr<redisReply, free_reply>;
/// One for each command of a pipeline, in their order.
using redis_replies = std::vector<redis_reply>;

/// The code at the start of a refusal, such as "WRONGPASS". The rest is never repeated: Redis quotes what it does not
/// understand, and that may be a password or a message.
std::string refusal_code(const redisReply& reply);

[[nodiscard]] bool is_nothing(const redisReply& reply);
/// Of a text; throws redis_error for anything else.
std::string_view text_of(const redisReply& reply);
/// Of a list; throws redis_error for anything else.
std::span<redisReply* const> items_of(const redisReply& reply);
/// Of a list with so many items.
std::span<redisReply* const> items_of(const redisReply& reply, std::size_t count);

/// An entry's place in its stream. Never an order of events: clocks step and servers change.
struct stream_id {
  std::uint64_t ms = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const stream_id&, const stream_id&) = default;
};
std::string to_string(const stream_id& id);
std::optional<stream_id> parse_stream_id(std::string_view text);

/// Points into the reply.
struct stream_entry {
  stream_id id;
  std::span<redisReply* const> fields;  ///< Name, value, name, value, …
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
};
/// The entries of XRANGE, XREVRANGE, or of one stream in XREAD.
std::vector<stream_entry> entries_of(const redisReply& reply);

}  // namespace parley
