// Every comparison between what was told and what is stored.
#include "verify/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <set>

#include "verify/json_fields.hpp"

namespace parley::bench {
namespace {

const boost::json::object& data_of(const boost::json::object& frame) { return frame.at("data").as_object(); }

/// Replays show a message as it now stands, so these two may differ between then and now.
bool may_change(const std::string& type, std::string_view field) {
  return (type == "new_message" || type == "message_edited") && (field == "content" || field == "file_url");
}

}  // namespace

/// What is asked of one log again and again.
struct ledger::log_index {
  std::map<std::int64_t, const boost::json::object*> by_seq;
  std::unordered_map<std::string, std::string> key_of_message;
  std::set<std::string> deleted;  ///< Messages.
};

std::string ledger::text_of(const std::string& key, int version) { return fmt::format("{} v{}", key, version); }

void ledger::attempted(int room, const std::string& key) { keys_[key].room = room; }

void ledger::edit_attempted(const std::string& key, int version) {
  auto& versions = keys_[key].versions;
  versions = std::max(versions, version);
}

void ledger::tell(broken kind, int room, std::int64_t seq, const evidence& seen, std::string text) {
  found_.add({kind, seen.who, room, seq, seen.at, std::move(text)});
}

void ledger::acknowledged(int room, const std::string& key, const send_ack& ack, const where& who, double at) {
  auto& record = keys_[key];
  const evidence now{who, at};
  if (ack.is_duplicate) ++duplicates_;
  if (record.seq == 0) {
    ++acknowledged_;
    record.seq = ack.seq;
    record.message = ack.message;
    record.first = now;
  } else if (record.seq != ack.seq || record.message != ack.message) {
    tell(broken::duplicated, room, ack.seq, now,
         fmt::format("the key {} was acknowledged with seq {} and message {} before, and now with {} and {}", key,
                     record.seq, record.message, ack.seq, ack.message));
  }
  if (!ack.is_duplicate && record.was_new)
    tell(broken::duplicated, room, ack.seq, now, fmt::format("the key {} was acknowledged as new twice", key));
  record.was_new = record.was_new || !ack.is_duplicate;
}

void ledger::acknowledged(int room, const change_ack& ack, const where& who, double at) {
  if (!ack.key.empty()) {
    auto& edits = keys_[ack.key].acknowledged_edits;
    edits = std::max(edits, ack.version);
  }
  rooms_[room].changes.push_back({ack, {who, at}});
}

void ledger::delivered(int room, std::int64_t seq, const shared_text& frame, const where& who, double at) {
  auto& known = rooms_[room].deliveries[seq];
  const bool is_known = std::any_of(known.begin(), known.end(),
                                    [&](const delivered_frame& d) { return d.frame == frame || *d.frame == *frame; });
  if (!is_known) known.push_back({frame, {who, at}});
}

void ledger::judge(int room, const room_log& log) {
  log_index index;
  for (const auto& event : log) {
    const auto& data = data_of(event.frame);
    index.by_seq.emplace(event.seq, &event.frame);
    const auto type = text_field(event.frame, "type");
    if (type == "new_message") index.key_of_message[text_field(data, "message_id")] = text_field(data, "client_msg_id");
    if (type == "message_deleted") index.deleted.insert(text_field(data, "message_id"));
  }
  judge_log(room, log);
  judge_acks(room, index);
  judge_deliveries(room, index);
}

void ledger::judge_log(int room, const room_log& log) {
  std::int64_t last = 0;
  std::map<std::string, std::int64_t> seq_of_key;
  for (const auto& event : log) {
    if (event.seq != last + 1)
      tell(event.seq > last ? broken::hole : broken::duplicated, room, event.seq, {},
           fmt::format("the log has {} after {}", event.seq, last));
    last = std::max(last, event.seq);
    if (text_field(event.frame, "type") != "new_message") continue;
    const auto key = text_field(data_of(event.frame), "client_msg_id");
    const auto [first, is_new] = seq_of_key.emplace(key, event.seq);
    if (key.empty() || is_new) continue;
    const auto record = keys_.find(key);
    tell(broken::duplicated, room, event.seq, record == keys_.end() ? evidence{} : record->second.first,
         fmt::format("the key {} is stored twice, with seq {} and {}", key, first->second, event.seq));
  }
}

void ledger::judge_acks(int room, const log_index& index) {
  for (const auto& [key, record] : keys_) {
    if (record.room != room || record.seq == 0) continue;
    const auto found = index.by_seq.find(record.seq);
    if (found == index.by_seq.end()) {
      tell(broken::lost, room, record.seq, record.first,
           fmt::format("the key {} was acknowledged with seq {}, which the log does not have", key, record.seq));
      continue;
    }
    const auto& data = data_of(*found->second);
    if (text_field(data, "client_msg_id") != key || text_field(data, "message_id") != record.message) {
      tell(broken::lost, room, record.seq, record.first,
           fmt::format("the key {} was acknowledged with seq {} and message {}, where the log has {}", key, record.seq,
                       record.message, boost::json::serialize(*found->second)));
      continue;
    }
    judge_text(room, key, record, index);
  }
  for (const auto& change : rooms_[room].changes) {
    const auto found = index.by_seq.find(change.ack.seq);
    if (found == index.by_seq.end() || text_field(*found->second, "type") != change.ack.type ||
        text_field(data_of(*found->second), "message_id") != change.ack.message)
      tell(broken::lost, room, change.ack.seq, change.seen,
           fmt::format("a {} of message {} was acknowledged with seq {}, where the log has {}", change.ack.type,
                       change.ack.message, change.ack.seq,
                       found == index.by_seq.end() ? "nothing" : boost::json::serialize(*found->second)));
  }
}

/// The text that is stored is that of the last acknowledged edit or of a later one that was attempted.
void ledger::judge_text(int room, const std::string& key, const key_record& record, const log_index& index) {
  const auto& data = data_of(*index.by_seq.at(record.seq));
  if (index.deleted.contains(record.message)) {
    if (!data.at("content").is_null())
      tell(broken::lost, room, record.seq, record.first, fmt::format("{} was deleted and still has its text", key));
    return;
  }
  const auto stored = text_field(data, "content");
  for (int version = record.acknowledged_edits; version <= record.versions; ++version)
    if (stored == text_of(key, version)) return;
  tell(broken::lost, room, record.seq, record.first,
       fmt::format("'{}' is stored for the key {}, of which edit {} was acknowledged", stored, key,
                   record.acknowledged_edits));
}

void ledger::judge_deliveries(int room, const log_index& index) {
  for (const auto& [seq, frames] : rooms_[room].deliveries) {
    const auto stored = index.by_seq.find(seq);
    for (const auto& delivery : frames) {
      if (stored == index.by_seq.end()) {
        tell(broken::unstored, room, seq, delivery.seen, fmt::format("the log does not have {}", *delivery.frame));
        continue;
      }
      const auto got = boost::json::parse(*delivery.frame).as_object();
      const auto what = difference(got, *stored->second, index);
      if (what.empty()) continue;
      tell(broken::unstored, room, seq, delivery.seen,
           fmt::format("{} of {} is not what the log has: {}", what, *delivery.frame,
                       boost::json::serialize(*stored->second)));
    }
  }
}

bool ledger::may_have_been(const std::string& text, const std::string& key) const {
  const auto record = keys_.find(key);
  const auto prefix = key + " v";
  if (record == keys_.end() || !text.starts_with(prefix)) return false;
  int version = -1;
  const auto* end = text.data() + text.size();
  return std::from_chars(text.data() + prefix.size(), end, version).ptr == end && version >= 0 &&
         version <= record->second.versions;
}

/// The field in which they differ; empty when they are the same event.
std::string ledger::difference(const boost::json::object& got, const boost::json::object& stored,
                               const log_index& index) const {
  const auto type = text_field(stored, "type");
  if (text_field(got, "type") != type) return "type";
  const auto& data = data_of(got);
  for (const auto& [name, value] : data_of(stored)) {
    const auto* other = data.if_contains(name);
    if (other == nullptr) return std::string(name);
    if (*other == value) continue;
    if (!may_change(type, name)) return std::string(name);
    // It was another text when it was delivered. Of a message that is not deleted none is missing.
    const auto message = text_field(data, "message_id");
    const auto key = index.key_of_message.find(message);
    const bool is_earlier = other->is_string() && key != index.key_of_message.end() &&
                            may_have_been(std::string(other->as_string()), key->second);
    if (!is_earlier) return std::string(name);
  }
  return {};
}

void ledger::compare(int room, int node, const room_log& log, const room_log& other) {
  const auto count = std::max(log.size(), other.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (i < log.size() && i < other.size() && log[i].frame == other[i].frame) continue;
    tell(broken::differs, room, static_cast<std::int64_t>(i) + 1, {{}, 0},
         fmt::format("node {} tells {} where the first node tells {}", node,
                     i < other.size() ? boost::json::serialize(other[i].frame) : "nothing",
                     i < log.size() ? boost::json::serialize(log[i].frame) : "nothing"));
    return;
  }
}

}  // namespace parley::bench
