// What was attempted, acknowledged and delivered in all rooms, and its comparison with the logs at the end.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "verify/history.hpp"

namespace parley::bench {

/// One durable event as REST tells it: {type, data}.
struct stored_event {
  std::int64_t seq = 0;
  boost::json::object frame;
};
using room_log = std::vector<stored_event>;

/// Judges by keys, message ids and texts. The text of a message is its key and a version: see text_of().
class ledger {
 public:
  explicit ledger(findings& found) : found_(found) {}

  /// Version 0 of a key is the message as it was sent, higher ones are edits.
  static std::string text_of(const std::string& key, int version);

  void attempted(int room, const std::string& key);
  void edit_attempted(const std::string& key, int version);

  struct send_ack {
    std::string message;
    std::int64_t seq = 0;
    bool is_duplicate = false;
  };
  /// Promise 4: all acks of a key say the same, and at most one that it was new.
  void acknowledged(int room, const std::string& key, const send_ack& ack, const where& who, double at);
  /// Of an edit (with its version), a deletion or a reaction: the log must have that type there, of that message.
  struct change_ack {
    std::string type;
    std::string message;
    std::int64_t seq = 0;
    std::string key;  ///< Of an edit: the message's.
    int version = 0;
  };
  void acknowledged(int room, const change_ack& ack, const where& who, double at);
  /// A frame of a durable event, as it came.
  void delivered(int room, std::int64_t seq, const shared_text& frame, const where& who, double at);

  /// The log of one room, as one node tells it.
  void judge(int room, const room_log& log);
  /// That another node tells the same.
  void compare(int room, int node, const room_log& log, const room_log& other);

  [[nodiscard]] std::uint64_t attempted() const { return keys_.size(); }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t retried() const { return duplicates_; }

 private:
  struct evidence {
    where who;
    double at = 0;
  };
  struct key_record {
    int room = -1;
    int versions = 0;            ///< The highest that was attempted,
    int acknowledged_edits = 0;  ///< and the highest that was acknowledged.
    std::int64_t seq = 0;        ///< 0: not acknowledged.
    std::string message;
    bool was_new = false;  ///< An ack said that it was no duplicate.
    evidence first;
  };
  struct change_record {
    change_ack ack;
    evidence seen;
  };
  struct delivered_frame {
    shared_text frame;
    evidence seen;
  };
  struct room_record {
    std::vector<change_record> changes;
    std::map<std::int64_t, std::vector<delivered_frame>> deliveries;  ///< By seq, the different frames.
  };
  struct log_index;

  void tell(broken kind, int room, std::int64_t seq, const evidence& seen, std::string text);
  void judge_log(int room, const room_log& log);
  void judge_acks(int room, const log_index& index);
  void judge_deliveries(int room, const log_index& index);
  void judge_text(int room, const std::string& key, const key_record& record, const log_index& index);
  [[nodiscard]] bool may_have_been(const std::string& text, const std::string& key) const;
  [[nodiscard]] std::string difference(const boost::json::object& got, const boost::json::object& stored,
                                       const log_index& index) const;

  findings& found_;
  std::unordered_map<std::string, key_record> keys_;
  std::map<int, room_record> rooms_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t duplicates_ = 0;
};

}  // namespace parley::bench
