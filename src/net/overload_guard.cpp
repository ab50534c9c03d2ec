// See overload_guard.hpp.
#include "net/overload_guard.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

/// What the newest tick counts in the average.
constexpr double newest_share = 0.3;
/// How far the share let in follows the wait's distance from the target. A change shows in the wait only when it is
/// answered, one target later, so that more than a third or so would overshoot.
constexpr double follows = 0.3;
constexpr double least_share = 0.5, most_share = 1.3;
/// So many times as many come as are answered, and these have waited for so much of the target: the queue grows while
/// one looks on.
constexpr double floods = 1.5, flood_wait = 0.5;
/// What was not used may be used that much later, and who has nothing under way may use what comes that much later.
constexpr double kept_seconds = 0.1;

double seconds_of(steady_time::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

bool overload_guard::admit(steady_time now, std::uint32_t own) {
  if (target_.count() > 0) {
    if (now - looked_at_ >= tick) look(now);
    ++come_in_tick_;
    if (is_overloaded_) {
      const double least = own == 0 ? 1 - kept_seconds * per_second_ : 1;
      if (allowance_ < least && under_way_ >= always_taken) {
        has_refused_ = true;
        return false;
      }
      allowance_ = std::max(allowance_ - 1, -kept_seconds * per_second_);
    }
  }
  ++under_way_;
  return true;
}

void overload_guard::note_answered(std::uint32_t count) {
  answered_in_tick_ += count;
  if (is_overloaded_) {
    // As many as one slow commit answers at once, or the next one would find less, and the one behind it less again.
    const double most =
        std::max({kept_seconds * per_second_, static_cast<double>(answered_in_tick_), answered_before_});
    allowance_ = std::min(allowance_ + share_ * count, most);
  }
  note_gone(count);
}

void overload_guard::note_wait(steady_time::duration wait) {
  if (target_.count() == 0) return;
  waits_[waits_in_tick_++ % waits_.size()] = static_cast<float>(seconds_of(wait) / seconds_of(target_));
}

void overload_guard::note_gone(std::uint32_t count) { under_way_ -= std::min<std::uint64_t>(under_way_, count); }

void overload_guard::look(steady_time now) {
  const bool is_first = std::exchange(looked_at_, now) == steady_time{};
  if (waits_in_tick_ > 0 && !is_first) {
    look_at_waits(now);
  } else if (is_first) {
    tick_began_ = now;
    waits_in_tick_ = 0;
    come_in_tick_ = 0;
  } else if (now - tick_began_ >= patience) {
    // A store that stands still is another thing. Shorter gaps are those between two commits.
    is_overloaded_ = differs_ = was_flood_ = false;
    come_in_tick_ = 0;
  }
}

void overload_guard::look_at_waits(steady_time now) {
  const auto length = now - std::exchange(tick_began_, now);
  const auto come = static_cast<double>(std::exchange(come_in_tick_, 0));
  answered_before_ = static_cast<double>(std::exchange(answered_in_tick_, 0));
  const double newest = answered_before_ / seconds_of(length);
  per_second_ = per_second_ == 0 ? newest : per_second_ + newest_share * (newest - per_second_);
  allowance_ = std::max(allowance_, -kept_seconds * per_second_);
  const double wait = median_of_waits();
  share_ = std::clamp(1 + follows * (1 - wait), least_share, most_share);

  const bool is_more = under_way_ > always_taken;
  const bool is_flood = is_more && wait > flood_wait && come > floods * answered_before_;
  const bool floods_on = std::exchange(was_flood_, is_flood) && is_flood;
  begin_or_end(now, is_overloaded_ ? !has_refused_ : is_more && wait > 1, !is_overloaded_ && floods_on);
  has_refused_ = false;
}

void overload_guard::begin_or_end(steady_time now, bool differs, bool at_once) {
  if (differs && !differs_) differs_since_ = now;
  differs_ = differs;
  if (!at_once && (!differs || now - differs_since_ < patience)) return;
  is_overloaded_ = !is_overloaded_;
  differs_ = was_flood_ = false;
  allowance_ = 0;
}

double overload_guard::median_of_waits() {
  const auto begin = waits_.begin();
  const auto count = static_cast<std::ptrdiff_t>(std::min(std::exchange(waits_in_tick_, 0), waits_.size()));
  std::nth_element(begin, begin + count / 2, begin + count);
  return *(begin + count / 2);
}

}  // namespace parley
