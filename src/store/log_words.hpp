// How tb_room_event says what happened: the words of its columns `type` and `reason`, the same in every dialect.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parley/events.hpp"
#include "store/append_plan.hpp"

namespace parley {

struct log_words {
  std::string_view type;
  std::optional<std::string_view> reason;
};
log_words words_of(log_row::kind kind);

/// A row of tb_room_event; an id that the row does not have is nil.
struct logged_event {
  std::string_view type;
  user_id by;
  user_id user;
  message_id message;
  reaction_id reaction;
  std::string_view reason;
  std::string_view text;
  timestamp at{};
  std::optional<std::string> content;  ///< The message's, as it now stands.
};
/// Throws std::runtime_error for a type that this build does not know.
event_body body_of(const logged_event& event);

}  // namespace parley
