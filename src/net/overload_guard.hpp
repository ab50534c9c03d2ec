// Says when durable frames wait too long, and then holds so many back that those let in are answered in time.
#pragma once

#include <chrono>
#include <cstdint>

#include "parley/clock.hpp"

namespace parley {

/// By Little's law: what is under way, divided by what is answered in a second, is how long a frame waits, wherever it
/// does: in a mailbox, behind a batch, for a disk. One a delivery shard, on its thread; plain state, told the time.
///
/// Waiting shortly is no overload, and neither is a store that answers nothing at all: only where answers flow and the
/// wait stays above the target, frames above what can be answered within it are to be refused, until the wait has
/// been well below it for as long, or nothing was answered for as long. A queue that is only bounded by its length is
/// full all the time under overload, and everybody waits for all of it (Nichols and Jacobson, "Controlling Queue
/// Delay", 2012).
///
/// It cannot tell frames that wait for the node from those that wait for their own client or for one room. So whoever
/// has nothing under way may always send.
class overload_guard {
 public:
  /// What may always be under way: a slow commit alone is no overload.
  static constexpr std::uint64_t always_taken = 256;
  static constexpr std::chrono::milliseconds tick{100};
  static constexpr std::chrono::milliseconds patience{400};

  /// 0 = never refuses.
  explicit overload_guard(std::chrono::milliseconds target) : target_(target) {}

  /// Counts one more under way, unless it answers false: it is to be refused. `own` are the connection's under way.
  bool admit(steady_time now, std::uint32_t own);
  void note_answered(std::uint32_t count);
  /// A connection ended with so many under way.
  void note_gone(std::uint32_t count);
  [[nodiscard]] bool is_overloaded() const { return is_overloaded_; }

 private:
  void look(steady_time now);
  void look_at_answers(steady_time now, double answered);

  std::chrono::milliseconds target_;
  steady_time tick_began_{};  ///< The last look that had answers to look at.
  steady_time looked_at_{};
  steady_time differs_since_{};  ///< The wait has been on the other side of where is_overloaded_ would change.
  bool differs_ = false;
  bool is_overloaded_ = false;
  double per_second_ = 0;  ///< Answered, as an average that forgets.
  std::uint64_t answered_in_tick_ = 0;
  std::uint64_t under_way_ = 0;
};

}  // namespace parley
