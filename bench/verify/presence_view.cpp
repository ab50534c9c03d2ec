// Comparing a frame with what was told before it.
#include "verify/presence_view.hpp"

#include <fmt/format.h>

namespace parley::bench {

void presence_view::answered(int user, bool is_on, double at) {
  words_[user] = {is_on, true, {}, at, gaps_, at + answer_settles_seconds};
}

std::optional<std::string> presence_view::told(int user, bool is_on, const std::string& last_seen, double at) {
  auto& known = words_.try_emplace(user, word{!is_on, false, {}, at, gaps_, -1}).first->second;
  const auto before = known;
  known = {is_on, false, last_seen, at, gaps_, before.may_repeat_until};
  if (is_on != before.is_on) return std::nullopt;
  if (at <= before.may_repeat_until) {
    known.may_repeat_until = -1;
    return std::nullopt;
  }
  const bool may_be_another = before.is_of_answer || last_seen != before.last_seen;
  if (before.gaps != gaps_ && may_be_another) return std::nullopt;
  return fmt::format("told twice to be {}: at {:.3f} s by {}, and again at {:.3f} s", is_on ? "on" : "off", before.at,
                     before.is_of_answer ? "the answer to watch_presence" : "a frame", at);
}

bool presence_view::agrees(int user, bool is_on) const {
  const auto found = words_.find(user);
  if (found == words_.end()) return false;
  return found->second.is_on == is_on || (is_on && found->second.gaps != gaps_);
}

std::string presence_view::word_of(int user) const {
  const auto found = words_.find(user);
  if (found == words_.end()) return "nothing";
  return fmt::format("{} since {:.3f} s", found->second.is_on ? "on" : "off", found->second.at);
}

}  // namespace parley::bench
