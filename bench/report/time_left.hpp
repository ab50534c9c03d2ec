// How long a run still takes that is over when all is done: by what is left, and how fast it was done of late.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace parley::bench {

class time_left {
 public:
  explicit time_left(std::uint64_t all) : all_(all) {}

  /// So much was done `at` seconds behind the run's begin. In order.
  void note(double at, std::uint64_t done) {
    looks_.push_back({at, done});
    if (looks_.size() > most_looks) looks_.erase(looks_.begin());
  }
  [[nodiscard]] std::uint64_t all() const { return all_; }
  /// In a second, over the last looks.
  [[nodiscard]] double rate() const {
    const auto& from = looks_.front();
    const auto& to = looks_.back();
    return to.at > from.at && to.done > from.done ? static_cast<double>(to.done - from.done) / (to.at - from.at) : 0;
  }
  /// When all is done, in seconds from the run's begin. Nothing while nothing is done by which one could tell.
  [[nodiscard]] std::optional<double> end() const {
    const auto& now = looks_.back();
    if (now.done >= all_) return now.at;
    const auto of_late = rate();
    if (of_late <= 0) return std::nullopt;
    return now.at + static_cast<double>(all_ - now.done) / of_late;
  }

 private:
  struct look {
    double at;
    std::uint64_t done;
  };
  /// The ends of five parts of the course, and what was before them.
  static constexpr std::size_t most_looks = 6;

  std::uint64_t all_;
  std::vector<look> looks_{look{0, 0}};  ///< Never none: at first the begin's.
};

}  // namespace parley::bench
