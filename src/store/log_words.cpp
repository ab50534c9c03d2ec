// The log's words, and which make which event.
#include "store/log_words.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace parley {
namespace {

/// In the order of log_row::kind.
constexpr std::array<log_words, 11> words_of_kind{{
    {"message_edited", {}},
    {"message_deleted", {}},
    {"reaction", "add"},
    {"reaction", "remove"},
    {"member_joined", "created"},
    {"member_joined", "invited"},
    {"member_left", "left"},
    {"member_left", "removed"},
    {"room_renamed", {}},
    {"member_muted", {}},
    {"slow_mode_changed", {}},
}};

std::int64_t seconds_of(std::string_view text) {
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

}  // namespace

log_words words_of(log_row::kind kind) { return words_of_kind.at(static_cast<std::size_t>(kind)); }

event_body body_of(const logged_event& event) {
  if (event.type == "message_edited") return message_edited{event.message, event.by, event.content, event.at};
  if (event.type == "message_deleted") return message_deleted{event.message, event.by, event.at};
  if (event.type == "reaction") {
    const auto action = event.reason == "remove" ? reaction_action::remove : reaction_action::add;
    return reaction_changed{event.message, event.reaction, event.by, std::string(event.text), action, event.at};
  }
  if (event.type == "member_joined") {
    return member_joined{event.user, event.by, event.reason == "created" ? join_reason::created : join_reason::invited};
  }
  if (event.type == "member_left") {
    return member_left{event.user, event.by, event.reason == "removed" ? leave_reason::removed : leave_reason::left};
  }
  if (event.type == "room_renamed") return room_renamed{std::string(event.text), event.by};
  if (event.type == "member_muted") return member_muted{event.user, event.by, parse_timestamp(event.text)};
  if (event.type == "slow_mode_changed") return slow_mode_changed{seconds_of(event.text), event.by};
  throw std::runtime_error(fmt::format("the log holds an event of the unknown type {}", event.type));
}

}  // namespace parley
