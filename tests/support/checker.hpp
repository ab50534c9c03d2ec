// The checker: what was attempted, acknowledged, seen and stored, and every way in which the promises could be broken.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace parley::support {

/// Counts of one run. A run keeps the promises when everything but the first three is zero.
struct verdict {
  std::uint64_t attempted = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t stored = 0;
  std::uint64_t lost = 0;        ///< Acknowledged but not stored, or stored under another id or seq than told.
  std::uint64_t missed = 0;      ///< Stored, but a receiver that claims to have everything never saw it.
  std::uint64_t duplicated = 0;  ///< One key stored twice, or one seq seen twice on one connection.
  std::uint64_t reordered = 0;   ///< A seq seen after a larger one on one connection, or seen with another message.
  std::uint64_t holes = 0;       ///< Seqs missing from the store's log or skipped on one connection.
  std::uint64_t seen_not_stored = 0;  ///< Delivered, but the store does not hold it.

  [[nodiscard]] bool kept() const { return lost + missed + duplicated + reordered + holes + seen_not_stored == 0; }
};
std::string to_string(const verdict& v);

/// Watches one room. Used from one thread; feed it in the order in which things happened on each connection.
class checker {
 public:
  void attempted(const std::string& key);
  void acknowledged(const std::string& key, const std::string& message, std::int64_t seq);
  /// A connection begins to receive after that seq.
  void connected(const std::string& receiver, std::int64_t after_seq);
  /// Any durable event; `message` is empty for those that are no new_message.
  void seen(const std::string& receiver, std::int64_t seq, const std::string& message);
  /// The sender's connection gets its ack in place of the event.
  void seen_as_ack(const std::string& receiver, std::int64_t seq, const std::string& message) {
    seen(receiver, seq, message);
  }
  /// One row of the store's log at the end.
  void stored(std::int64_t seq, const std::string& message, const std::string& key);
  /// This receiver claims to have everything from the first seq of its first connection on.
  void complete(const std::string& receiver);

  [[nodiscard]] verdict check() const;

 private:
  struct acknowledgement {
    std::string message;
    std::int64_t seq;
  };
  struct receiver_state {
    std::int64_t first_after = 0;
    std::int64_t last = 0;
    bool begun = false;
    bool claims_all = false;
    std::map<std::int64_t, std::string> seen;
  };
  struct row {
    std::string message;
    std::string key;
  };

  void check_acknowledged(verdict& v) const;
  void check_log(verdict& v) const;
  void check_receivers(verdict& v) const;

  std::set<std::string> attempted_;
  std::map<std::string, std::vector<acknowledgement>> acknowledged_;
  std::map<std::string, receiver_state> receivers_;
  std::map<std::int64_t, row> log_;
  std::uint64_t stored_twice_ = 0;
  std::uint64_t repeats_ = 0;
  std::uint64_t backwards_ = 0;
  std::uint64_t skips_ = 0;
};

}  // namespace parley::support
