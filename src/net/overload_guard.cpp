// See overload_guard.hpp.
#include "net/overload_guard.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

/// What the newest tick counts in the average.
constexpr double newest_share = 0.3;
/// Overload is over at this part of the target: just below it the wait is what refusing makes of it.
constexpr double over_at = 0.5;

double seconds_of(steady_time::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

bool overload_guard::admit(steady_time now, std::uint32_t own) {
  if (target_.count() > 0) {
    if (now - looked_at_ >= tick) look(now);
    const auto most = std::max(static_cast<double>(always_taken), per_second_ * seconds_of(target_));
    if (is_overloaded_ && own > 0 && static_cast<double>(under_way_) >= most) return false;
  }
  ++under_way_;
  return true;
}

void overload_guard::note_answered(std::uint32_t count) {
  answered_in_tick_ += count;
  note_gone(count);
}

void overload_guard::note_gone(std::uint32_t count) { under_way_ -= std::min<std::uint64_t>(under_way_, count); }

void overload_guard::look(steady_time now) {
  const bool is_known = std::exchange(looked_at_, now) != steady_time{};
  const auto answered = static_cast<double>(answered_in_tick_);
  if (is_known && (answered > 0 || under_way_ == 0)) {
    look_at_answers(now, answered);
  } else if (!is_known) {
    tick_began_ = now;
  } else if (now - tick_began_ >= patience) {
    // A store that stands still is another thing. Shorter gaps are those between two commits.
    is_overloaded_ = differs_ = false;
  }
}

void overload_guard::look_at_answers(steady_time now, double answered) {
  const auto newest = answered / seconds_of(now - tick_began_);
  tick_began_ = now;
  answered_in_tick_ = 0;
  per_second_ = per_second_ == 0 ? newest : per_second_ + newest_share * (newest - per_second_);
  const auto wait = per_second_ > 0 ? static_cast<double>(under_way_) / per_second_ : 0;
  const bool is_much = under_way_ > always_taken;
  const bool differs =
      is_overloaded_ ? !is_much || wait < over_at * seconds_of(target_) : is_much && wait > seconds_of(target_);
  if (differs && !differs_) differs_since_ = now;
  differs_ = differs;
  if (!differs || now - differs_since_ < patience) return;
  is_overloaded_ = !is_overloaded_;
  differs_ = false;
}

}  // namespace parley
