// What a client makes of the frames that it gets.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "verify/client.hpp"
#include "verify/json_fields.hpp"

namespace parley::bench {
namespace {

constexpr std::size_t most_seen = 20;
constexpr std::size_t most_own = 10;
/// After a silence of so long a connection may get as much at once as a node queues.
constexpr double backlog_after_seconds = 1;
/// For so long a node may take a marker to be where it last knew it to be, which another node has moved.
constexpr double markers_settle_seconds = 2;

bool is_durable(std::string_view type) {
  return type == "new_message" || type == "message_edited" || type == "message_deleted" || type == "reaction" ||
         type == "member_joined" || type == "member_left" || type == "room_renamed";
}

}  // namespace

void client::on_frame(std::string_view payload) {
  const auto silence = state_.now() - heard_at_;
  heard_at_ += silence;
  is_pinged_ = false;
  const auto frame = boost::json::parse(boost::json::string_view(payload.data(), payload.size())).as_object();
  const auto type = text_field(frame, "type");
  const auto& data = frame.at("data").as_object();
  const auto found = state_.room_numbers.find(text_field(data, "room_id"));
  const int room = found == state_.room_numbers.end() ? -1 : found->second;
  const auto seq = number_field(data, "seq");
  const bool is_long = type == "ready" || data.contains("users");
  const auto text = state_.log.intern(is_long ? payload.substr(0, most_kept_of_long_frames) : payload);
  if (type != "typing") state_.log.add({heard_at_, here(), room, type == "read" ? 0 : seq, '<', text});
  // A replay, or what gathered while a node stood still, may be more than is queued beside presence.
  const auto place = places_.find(room);
  const bool is_replayed = place != places_.end() && !place->second.position.is_live();
  if (is_ready_ && (is_replayed || silence > backlog_after_seconds)) presence_.may_have_missed();
  if (type == "presence") return on_presence(data);
  if (type == "ready") return on_ready(data);
  if (type == "ack") return on_ack(text_field(frame, "id"), data);
  if (type == "error") return on_error(text_field(frame, "id"), data, payload);
  if (place == places_.end()) return;
  if (type == "replay_end") return on_replay_end(room, seq, data.at("more").as_bool());
  if (type == "read") return on_read(room, seq, data);
  if (is_durable(type)) on_event(type, room, seq, data, text);
}

void client::on_ready(const boost::json::object& data) {
  is_ready_ = true;
  ready_at_ = state_.now();
  std::size_t known = 0;
  for (const auto& each : data.at("rooms").as_array()) {
    const auto& told = each.as_object();
    const auto found = state_.room_numbers.find(text_field(told, "room_id"));
    if (found == state_.room_numbers.end()) continue;
    const auto at = places_.find(found->second);
    if (at == places_.end()) continue;
    ++known;
    auto& place = at->second;
    const auto marker = number_field(told, "last_read_seq");
    const auto stood = state_.markers[{who_.user, found->second}].at_least(connected_at_, 0);
    if (marker < stood)
      complain(broken::reordered, found->second, marker, fmt::format("the read marker went back from {}", stood));
    state_.markers[{who_.user, found->second}].told(state_.now(), marker);
    if (is_fresh_) place.received = seq_set(marker);
    place.position = is_fresh_ ? room_position(marker, false) : room_position(number_field(told, "last_seq"), true);
  }
  if (known != places_.size())
    complain(broken::refused, -1, 0, fmt::format("ready lists {} of {} rooms", known, places_.size()));
  if (!is_fresh_) resume(who_.rooms);
  is_fresh_ = false;
  watch();
  // Before the replay is through, or a little later: a client may do either.
  const double later = state_.chance(0.5) ? 0 : 0.1;
  for (auto& [key, pending] : pending_) pending.again_at = ready_at_ + later;
}

void client::take(int room, std::int64_t seq, const order_step& step) {
  if (step.wrong) complain(*step.wrong, room, seq, step.text);
  if (!step.is_event) return;
  places_.at(room).received.add(seq);
  state_.reached(room, seq);
}

void client::on_event(const std::string& type, int room, std::int64_t seq, const boost::json::object& data,
                      const shared_text& text) {
  ++state_.deliveries;
  take(room, seq, places_.at(room).position.event(seq));
  state_.book.delivered(room, seq, text, here(), heard_at_);
  if (type != "new_message" || data.at("content").is_null()) return;
  auto& seen = state_.seen_messages[static_cast<std::size_t>(room)];
  auto message = text_field(data, "message_id");
  if (std::find(seen.begin(), seen.end(), message) != seen.end()) return;
  seen.push_back(std::move(message));
  if (seen.size() > most_seen) seen.pop_front();
}

void client::on_watch_ack(const boost::json::object& data) {
  std::size_t known = 0;
  for (const auto& each : data.at("users").as_array()) {
    const auto& told = each.as_object();
    const auto found = state_.user_numbers.find(text_field(told, "user_id"));
    if (found == state_.user_numbers.end()) continue;
    ++known;
    presence_.answered(found->second, told.at("is_online").as_bool(), heard_at_);
  }
  if (known != state_.user_ids.size())
    complain(broken::refused, -1, 0,
             fmt::format("watch_presence tells of {} of {} users", known, state_.user_ids.size()));
}

void client::on_presence(const boost::json::object& data) {
  const auto id = text_field(data, "user_id");
  const auto found = state_.user_numbers.find(id);
  if (found == state_.user_numbers.end()) return;
  const auto wrong =
      presence_.told(found->second, data.at("is_online").as_bool(), text_field(data, "last_seen"), heard_at_);
  if (wrong)
    state_.found.add(
        {broken::untrue, here(), -1, 0, heard_at_, fmt::format("user {} was {}", found->second, *wrong), id});
}

void client::on_replay_end(int room, std::int64_t seq, bool more) {
  auto& place = places_.at(room);
  const auto step = place.position.replay_ended(seq, more);
  if (step.wrong) complain(*step.wrong, room, seq, step.text);
  if (more) resume({room});
}

void client::on_ack(const std::string& id, const boost::json::object& data) {
  const auto found = commands_.find(id);
  if (found == commands_.end()) return complain(broken::refused, -1, 0, "an ack of no command: " + id);
  const auto what = std::move(found->second);
  commands_.erase(found);
  const auto seq = number_field(data, "seq");
  switch (what.what) {
    case verb::ping:
      return;
    case verb::resume:
      for (const auto& [room, after] : what.resumes) places_.at(room).position.resumed(after);
      return;
    case verb::watch:
      return on_watch_ack(data);
    case verb::read:
      return on_read_ack(what, seq);
    case verb::send:
      return on_send_ack(what, data, seq);
    case verb::edit:
    case verb::remove:
    case verb::react:
      break;
  }
  state_.reached(what.room, seq);
  auto& place = places_.at(what.room);
  const bool is_edit = what.what == verb::edit;
  take(what.room, seq, place.position.acknowledged(seq, is_edit ? ack_of::edit : ack_of::what_may_be_there));
  state_.book.acknowledged(what.room,
                           {is_edit                     ? "message_edited"
                            : what.what == verb::remove ? "message_deleted"
                                                        : "reaction",
                            what.message, seq, is_edit ? what.key : std::string(), what.version},
                           here(), heard_at_);
  if (is_edit) place.own.push_back({what.key, what.message, what.version});
}

void client::on_read_ack(const command& what, std::int64_t seq) {
  auto& last = places_.at(what.room).last_read;
  auto& marker = state_.markers[{who_.user, what.room}];
  const auto known = std::max(last, marker.at_least(what.sent_at, markers_settle_seconds));
  if (seq < known) complain(broken::reordered, what.room, seq, fmt::format("the read marker went back from {}", known));
  if (seq < what.seq)
    complain(broken::lost, what.room, seq, fmt::format("of what was read up to {} the ack stops short", what.seq));
  last = std::max(last, seq);
  marker.told(heard_at_, seq);
}

void client::on_read(int room, std::int64_t seq, const boost::json::object& data) {
  auto& shown = places_.at(room).shown_readers[text_field(data, "user_id")];
  if (seq < shown) complain(broken::reordered, room, seq, fmt::format("somebody was shown to have read {}", shown));
  shown = std::max(shown, seq);
}

void client::on_send_ack(const command& what, const boost::json::object& data, std::int64_t seq) {
  const ledger::send_ack ack{text_field(data, "message_id"), seq, data.at("duplicate").as_bool()};
  state_.reached(what.room, seq);
  state_.book.acknowledged(what.room, what.key, ack, here(), heard_at_);
  auto& place = places_.at(what.room);
  if (!ack.is_duplicate) {
    take(what.room, seq, place.position.acknowledged(seq, ack_of::message));
    const auto [number, last] = place.last_sent;
    if (number != 0 && (what.number > number) != (seq > last))
      complain(broken::reordered, what.room, seq,
               fmt::format("frame {} got seq {}, frame {} got {}", number, last, what.number, seq));
    place.last_sent = {what.number, seq};
  }
  note_sent(what.room, what.key, ack);
}

/// Acknowledged, in whichever way.
void client::note_sent(int room, const std::string& key, const ledger::send_ack& ack) {
  const bool was_pending = pending_.erase(key) > 0;
  // Of what the other device sent it keeps away: each message has one who edits it.
  const bool is_own = key.starts_with(fmt::format("c{}-", who_.number));
  if (!was_pending || !is_own || ack.is_duplicate) return;
  auto& own = places_.at(room).own;
  own.push_back({key, ack.message, 0});
  if (own.size() > most_own) own.erase(own.begin());
}

void client::on_error(const std::string& id, const boost::json::object& data, std::string_view payload) {
  const auto code = text_field(data, "code");
  ++state_.errors[code];
  const auto found = commands_.find(id);
  if (found == commands_.end()) return complain(broken::refused, -1, 0, std::string(payload));
  const auto what = std::move(found->second);
  commands_.erase(found);
  const bool may_pass = code == "unavailable" || code == "busy" || code == "internal" || code == "rate_limited";
  // A reaction may be to a message that is deleted, or take back what is not there.
  if (!may_pass && what.what != verb::react) complain(broken::refused, what.room, 0, std::string(payload));
  const auto again =
      state_.now() + state_.between(0.05, 0.25) + static_cast<double>(number_field(data, "retry_after_ms")) / 1000;
  if (what.what == verb::resume) {
    for (const auto& [room, after] : what.resumes) places_.at(room).resume_at = again;
  }
  if (what.what == verb::watch && may_pass) watch_at_ = again;
  if (what.what != verb::send) return;
  if (may_pass) return send_later(what.key, again);
  pending_.erase(what.key);  // told above; the same answer would come again
}

}  // namespace parley::bench
