// What went over each connection and when, kept for as long as it may have to be shown.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley::bench {

/// One connection of one client; a client's connections are counted from 1, and 0 is a call by REST.
struct where {
  int client = -1;  ///< -1: nobody's, such as a fault.
  int connection = 0;
  int node = -1;
};

/// A promise of docs/protocol.md that was not kept.
enum class broken {
  lost,        ///< Acknowledged and not stored, or stored and not brought to a member.
  duplicated,  ///< A key stored twice or acknowledged in two ways, a seq that came twice on one connection.
  reordered,   ///< A smaller seq after a larger one, or two sends of one connection stored the other way round.
  hole,        ///< A seq left out, on a connection or in the log.
  unstored,    ///< Delivered, but the log has nothing there, or something else.
  differs,     ///< Two nodes tell different logs.
  refused,     ///< What a member may do was refused.
  unanswered,  ///< No answer long after the last fault, or one that does not say what was done.
  unquiet,     ///< A node that was asked to stop did not tell its clients, or did not exit with 0.
  untrue,      ///< Somebody was told to be on or off twice, or long after the last fault to be what they are not.
  outlived,    ///< Somebody acted, or was told, though his log-out, removal or suspension had been answered before.
};
constexpr std::size_t broken_kinds = 11;
const char* to_string(broken kind);

struct violation {
  broken kind = broken::lost;
  where who;
  int room = -1;
  std::int64_t seq = 0;
  double at = 0;
  std::string text;
  std::string subject{};  ///< untrue: the user's id. What names it belongs to the violation.
};

using shared_text = std::shared_ptr<const std::string>;

struct history_entry {
  double at = 0;  ///< Seconds since the run began.
  where who;
  int room = -1;
  std::int64_t seq = 0;
  char way = '*';  ///< '>' sent, '<' received, '*' happened.
  shared_text text;
};

/// Bounded: the oldest entries go first.
class history {
 public:
  explicit history(std::size_t most_entries = 2'000'000) : most_entries_(most_entries) {}

  /// Many clients receive the same bytes; they are kept once.
  shared_text intern(std::string_view text);
  void add(history_entry entry);
  /// Where it belongs by its time; for few, since others must make room.
  void insert(const history_entry& entry);

  /// The fewest entries that show it, in the order of time: of that client and room (or of everybody, for a violation
  /// without a client) those about the seq itself and the last ones before, the connections on which they came, and
  /// the faults around them.
  [[nodiscard]] std::vector<history_entry> excerpt(const violation& v) const;
  /// When anybody first had that event, or `otherwise`.
  [[nodiscard]] double first_seen(int room, std::int64_t seq, double otherwise) const;

 private:
  std::size_t most_entries_;
  std::deque<history_entry> entries_;
  std::unordered_map<std::string_view, shared_text> recent_;
};

/// What was found, in the order in which it was; the counts are of all, the list is bounded.
class findings {
 public:
  /// `times` as many of it.
  void add(violation v, std::uint64_t times = 1);
  [[nodiscard]] std::uint64_t count(broken kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t total() const;
  [[nodiscard]] const std::vector<violation>& list() const { return list_; }

 private:
  std::array<std::uint64_t, broken_kinds> counts_{};
  std::vector<violation> list_;
};

}  // namespace parley::bench
