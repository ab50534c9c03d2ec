// Any bytes as one text message: the decoder makes a command within its limits of them, or the contract's error.
#include <algorithm>
#include <string>
#include <variant>

#include "fuzz/loopback_server.hpp"
#include "net/json_codec.hpp"
#include "net/json_encoder.hpp"
#include "net/outbox.hpp"

namespace {

using namespace parley;
using fuzz::require;

const limits_config limits;

void check_text(const std::optional<std::string>& text, std::size_t most_bytes) {
  if (!text) return;
  require(text->find('\0') == std::string::npos, "no string holds a NUL");
  require(text->size() <= most_bytes, "strings are within their limits");
}

void check(const durable_frame& frame) {
  if (const auto* message = std::get_if<send_message>(&frame.command)) {
    require(message->content || message->file_url, "a message has a content or a file");
    check_text(message->content, limits.content_bytes);
    check_text(message->file_url, limits.frame_bytes);
    check_text(message->client_msg_id, 64);
  } else if (const auto* edit = std::get_if<edit_message>(&frame.command)) {
    check_text(edit->content, limits.content_bytes);
  } else if (const auto* reaction = std::get_if<change_reaction>(&frame.command)) {
    check_text(reaction->emoji, limits.emoji_bytes);
  } else {
    require(std::holds_alternative<delete_message>(frame.command), "no other durable command comes by WebSocket");
  }
}
void check(const typing_frame&) {}
void check(const ping_frame&) {}
void check(const read_frame& frame) { require(frame.seq >= 0, "a position is not negative"); }
void check(const watch_presence_frame& frame) { require(frame.users.size() <= limits.watched_users, "a bounded set"); }
void check(const resume_frame& frame) {
  require(!frame.unread || frame.rooms.empty(), "either unread or positions");
  auto rooms = frame.rooms;
  std::sort(rooms.begin(), rooms.end());
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  require(std::adjacent_find(rooms.begin(), rooms.end(), same) == rooms.end(), "a room stands once in a resume");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static frame_decoder decoder(limits);
  std::string padded(reinterpret_cast<const char*>(data), size);
  padded.append(frame_decoder::padding_bytes, '\0');
  const auto decoded = decoder.decode(std::string_view(padded).substr(0, size));
  check_text(decoded.id(), 64);
  std::string answer;
  if (decoded.frame) {
    require(!decoded.bad && !decoded.is_invalid_utf8, "a good frame is not counted as bad");
    std::visit([](const auto& request) { check(request); }, decoded.frame->request);
    json_encoder().append_ack(answer, decoded.id(), empty_ack{});
  } else {
    const auto& why = decoded.frame.error();
    require(why.code == error_code::bad_request || why.code == error_code::too_large, "the contract's error");
    require(!why.message.empty(), "an error says what is wrong");
    json_encoder().append_error(answer, decoded.id(), why);
  }
  require(frame_size_at(answer) == answer.size(), "the answer is one whole frame");
  return 0;
}
