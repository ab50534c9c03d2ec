// Gathers reactions, as they come in order of seq, to what history shows of each message.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "parley/events.hpp"
#include "store/append_facts.hpp"

namespace parley {

/// A message's emojis in the order in which each was first used; the users of one in the order in which they reacted.
class reaction_summaries {
 public:
  void add(message_id message, std::string_view emoji, user_id user) {
    auto& of_message = messages_[message];
    auto found =
        std::find_if(of_message.begin(), of_message.end(), [&](const auto& one) { return one.emoji == emoji; });
    if (found == of_message.end()) found = of_message.insert(found, {std::string(emoji), 0, {}});
    ++found->count;
    if (found->users.size() < shown_users) found->users.push_back(user);
  }
  std::vector<reaction_summary> take(message_id message) {
    const auto found = messages_.find(message);
    return found == messages_.end() ? std::vector<reaction_summary>() : std::move(found->second);
  }

 private:
  static constexpr std::size_t shown_users = 100;
  fact_map<message_id, std::vector<reaction_summary>> messages_;
};

}  // namespace parley
