// Says when durable frames wait too long, and then lets in no more than are answered.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "parley/clock.hpp"

namespace parley {

/// How long one durable frame of a connection at a time waits for its answer. Answers do not name their frames here, so
/// it is the time until as many were answered as were under way with it.
class wait_sample {
 public:
  /// While one is taken, nothing. `others` of the connection are under way before it.
  void begin(steady_time now, std::uint32_t others) {
    if (awaited_ > 0) return;
    began_ = now;
    awaited_ = others + 1;
  }
  void drop() { awaited_ = 0; }
  /// When it began, if it ends with these answers.
  std::optional<steady_time> answered(std::uint32_t count) {
    if (awaited_ == 0 || count == 0) return std::nullopt;
    if (awaited_ > count) {
      awaited_ -= count;
      return std::nullopt;
    }
    awaited_ = 0;
    return began_;
  }

 private:
  steady_time began_{};
  std::uint32_t awaited_ = 0;  ///< Answers to come, up to its own; 0 = no sample is being taken.
};

/// Overload is seen in what comes through: half of the frames that were answered waited longer than the target, for
/// 0.4 s on end; or for half of it, while half as many again come as are answered, in two looks. Frames that wait for
/// their own client or for one room are no part of it before they are answered, and a store that answers nothing at all
/// is not overload either.
///
/// Then as many frames are let in as are answered, fewer while the wait is above the target and more while it is
/// below, and what is above is to be refused, until nothing had to be for as long. A queue that is only bounded by
/// its length is full all the time under overload, and everybody waits for all of it (Nichols and Jacobson,
/// "Controlling Queue Delay", 2012).
///
/// One a delivery shard, on its thread; plain state, told the time.
class overload_guard {
 public:
  /// So many under way are never too many: a slow commit alone is no overload.
  static constexpr std::uint64_t always_taken = 256;
  static constexpr std::chrono::milliseconds tick{100};
  static constexpr std::chrono::milliseconds patience{400};

  /// 0 = never refuses.
  explicit overload_guard(std::chrono::milliseconds target) : target_(target) {}

  /// Counts one more under way, unless it answers false: it is to be refused. `own` are the connection's under way:
  /// those who have none go first, so that whoever sends much keeps nobody out.
  bool admit(steady_time now, std::uint32_t own);
  void note_answered(std::uint32_t count);
  /// One that was answered had waited so long.
  void note_wait(steady_time::duration wait);
  /// A connection ended with so many under way.
  void note_gone(std::uint32_t count);
  [[nodiscard]] bool is_overloaded() const { return is_overloaded_; }

 private:
  void look(steady_time now);
  void look_at_waits(steady_time now);
  void begin_or_end(steady_time now, bool differs, bool at_once);
  [[nodiscard]] double median_of_waits();

  std::chrono::milliseconds target_;
  steady_time tick_began_{};  ///< The last look that had waits to look at.
  steady_time looked_at_{};
  steady_time differs_since_{};  ///< What is seen speaks against is_overloaded_.
  bool differs_ = false;
  bool is_overloaded_ = false;
  bool has_refused_ = false;  ///< Since the last look.
  double per_second_ = 0;     ///< Answered, as an average that forgets.
  double share_ = 1;          ///< Of what is answered, let in.
  double allowance_ = 0;      ///< Frames that may be let in now; below 0, those that have been before their turn.
  std::uint64_t answered_in_tick_ = 0, come_in_tick_ = 0;
  double answered_before_ = 0;  ///< In the tick before.
  bool was_flood_ = false;      ///< The tick before.
  std::uint64_t under_way_ = 0;
  std::array<float, 128> waits_{};  ///< The newest of the tick, in targets.
  std::size_t waits_in_tick_ = 0;
};

}  // namespace parley
