// Control events as rows of tb_control_event, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parley/control_log.hpp"

namespace parley {

/// The columns of one event behind its user. What does not go with its kind is null.
struct control_row {
  std::string_view kind;
  std::optional<room_id> room{};
  std::optional<sequence> room_seq{};
  std::optional<user_id> other{}, by{};
  std::optional<std::string> word{};
  std::optional<timestamp> at{};
  std::optional<std::int64_t> version{};
  std::optional<std::string> token_hashes{};  ///< In hexadecimal, one behind the other.
};

control_row row_of(const control_event& event);
/// Null for a kind that this build does not know, or a row that it cannot read.
std::optional<control_event> event_of(const user_id& user, const control_row& row);

}  // namespace parley
