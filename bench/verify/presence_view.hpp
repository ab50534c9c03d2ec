// What one connection was told of who is on: each change is to be told once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace parley::bench {

/// Of one connection: a new one begins with a new view. Off twice in a row, or on twice, is wrong, with two exceptions:
///
/// - Around the answer to watch_presence. The server watches first and reads afterwards; what changes in between is
/// both
///   in the answer and told, in either order, and what may have crossed it is told once more. So behind an answer one
///   repeat of each user is fine for a while.
/// - Where frames may have been dropped, as presence may be under load: two changes alike with another last_seen may
///   have had one between them. The same change twice is wrong there too.
class presence_view {
 public:
  /// A repeat that crossed the answer comes sooner: a connection on which nothing comes for 4 s is given up.
  static constexpr double answer_settles_seconds = 5;

  /// The answer to watch_presence told this of a user.
  void answered(int user, bool is_on, double at);
  /// A `presence` frame came. What is wrong with it, if anything.
  std::optional<std::string> told(int user, bool is_on, const std::string& last_seen, double at);
  /// Since the last frame so much may have waited for this connection that others were dropped.
  void may_have_missed() { ++gaps_; }

  /// It was told so, or may have missed that somebody came on again. That somebody went off it must have been told.
  [[nodiscard]] bool agrees(int user, bool is_on) const;
  /// "on since 3.2 s", "nothing".
  [[nodiscard]] std::string word_of(int user) const;

 private:
  struct word {
    bool is_on = false;
    bool is_of_answer = false;  ///< Whose last_seen may be younger than the change's.
    std::string last_seen;
    double at = 0;
    std::uint64_t gaps = 0;        ///< As many there were when it was told.
    double may_repeat_until = -1;  ///< Once, behind an answer.
  };

  std::map<int, word> words_;
  std::uint64_t gaps_ = 0;
};

}  // namespace parley::bench
