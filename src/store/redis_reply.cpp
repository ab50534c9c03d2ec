// Taking answers apart.
#include "store/redis_reply.hpp"

#include <fmt/format.h>

#include <charconv>

namespace parley {
namespace {

[[noreturn]] void surprise() { throw redis_error("Redis answered something else than was asked for"); }

}  // namespace

std::string refusal_code(const redisReply& reply) {
  std::string code;
  for (const char c : std::string_view(reply.str, reply.len)) {
    if (c < 'A' || c > 'Z') break;
    code += c;
  }
  return code.empty() ? "ERR" : code;
}

bool is_nothing(const redisReply& reply) { return reply.type == REDIS_REPLY_NIL; }

std::string_view text_of(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING && reply.type != REDIS_REPLY_STATUS) surprise();
  return {reply.str, reply.len};
}

std::span<redisReply* const> items_of(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) surprise();
  return {reply.element, reply.elements};
}

std::span<redisReply* const> items_of(const redisReply& reply, std::size_t count) {
  const auto items = items_of(reply);
  if (items.size() != count) surprise();
  return items;
}

std::string to_string(const stream_id& id) { return fmt::format("{}-{}", id.ms, id.number); }

std::optional<stream_id> parse_stream_id(std::string_view text) {
  stream_id id;
  const char* end = text.data() + text.size();
  const auto [dash, fault] = std::from_chars(text.data(), end, id.ms);
  if (fault != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [rest, second_fault] = std::from_chars(dash + 1, end, id.number);
  return second_fault == std::errc() && rest == end ? std::optional(id) : std::nullopt;
}

std::optional<std::string_view> stream_entry::field(std::string_view name) const {
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (text_of(*fields[i]) == name) return text_of(*fields[i + 1]);
  }
  return std::nullopt;
}

std::vector<stream_entry> entries_of(const redisReply& reply) {
  std::vector<stream_entry> entries;
  for (const redisReply* item : items_of(reply)) {
    const auto parts = items_of(*item, 2);
    const auto id = parse_stream_id(text_of(*parts[0]));
    if (!id) surprise();
    // XREAD gives nothing in place of the fields of an entry that was deleted meanwhile.
    entries.push_back({*id, is_nothing(*parts[1]) ? std::span<redisReply* const>() : items_of(*parts[1])});
  }
  return entries;
}

}  // namespace parley
