// What a client does by itself. What it makes of frames stands in client_frames.cpp, sends by REST in client_rest.cpp.
#include "verify/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace parley::bench {
namespace {

constexpr std::size_t most_under_way = 8;
constexpr double handshake_seconds = 3;
/// A stopped node says nothing: then a client asks, and goes elsewhere.
constexpr double ping_after_seconds = 2;
constexpr double give_up_seconds = 4;
constexpr double answer_seconds = 15;
constexpr double fresh_share = 0.1;
constexpr double repeat_share = 0.03;  ///< Of the sends: with a key that was acknowledged before.
constexpr double post_share = 0.1;     ///< Of whatever is sent, and sent again: by REST.
constexpr std::array<const char*, 4> emojis{"👍", "❤️", "🎉", "😀"};

}  // namespace

client::client(load_state& state, identity who) : state_(state), who_(std::move(who)), node_(who_.home) {
  for (const int room : who_.rooms) places_[room];
}

void client::record(char way, int room, std::int64_t seq, std::string_view text) {
  state_.log.add({state_.now(), here(), room, seq, way, state_.log.intern(text)});
}

void client::complain(broken kind, int room, std::int64_t seq, const std::string& text) {
  state_.found.add({kind, here(), room, seq, state_.now(), text});
}

void client::connect() {
  ++connection_;
  ++state_.connections;
  is_ready_ = is_pinged_ = false;
  connected_at_ = heard_at_ = state_.now();
  is_fresh_ = is_fresh_ || state_.chance(fresh_share);
  record('*', -1, 0, fmt::format("connects to node {}{}", node_, is_fresh_ ? " and knows nothing" : ""));
  wire_ = std::make_unique<wire>(state_.nodes[static_cast<std::size_t>(node_)],
                                 is_fresh_ ? "/ws?replay=unread" : "/ws?replay=none", who_.token);
}

void client::choose_node() {
  if (who_.stays && node_ != state_.dead_node) return;
  std::vector<int> others;
  for (int node = 0; node < static_cast<int>(state_.nodes.size()); ++node)
    if (node != node_ && node != state_.dead_node) others.push_back(node);
  if (!others.empty()) node_ = others[state_.pick(others.size())];
}

void client::ended(const std::string& how, int code, bool by_itself) {
  const auto stopping = state_.stopping_since[static_cast<std::size_t>(node_)];
  if (!by_itself && is_ready_ && code != 1012 && stopping >= 0 && ready_at_ < stopping)
    complain(broken::unquiet, -1, 0, fmt::format("node {} was asked to stop; the connection was {}", node_, how));
  if (code == 1002 || code == 1003 || code == 1007 || code == 1009 || code == 4400 || code == 4401 || code == 4403)
    complain(broken::refused, -1, 0, how);
  ++state_.connection_ends[how];
  record('*', -1, 0, how);
  if (by_itself && state_.chance(0.5)) wire_->reset_when_destroyed();
  wire_.reset();
  for (auto& [key, pending] : pending_) pending.is_under_way = pending.is_under_way && pending.is_by_rest;
  // What became of these nobody said, and they have no key to ask with.
  for (const auto& each : commands_) {
    const auto& what = each.second;
    if (what.what != verb::edit && what.what != verb::remove) continue;
    std::erase_if(places_.at(what.room).own, [&](const own_message& m) { return m.message == what.message; });
  }
  commands_.clear();
  for (auto& [room, place] : places_) {
    place.resume_at = -1;
    place.last_sent = {0, 0};
    place.last_read = 0;
    place.shown_readers.clear();
  }
  is_ready_ = false;
  presence_ = {};
  watch_at_ = -1;
  connect_at_ = state_.now() + state_.between(0.02, 0.3);
  choose_node();
}

void client::leave() {
  if (wire_ != nullptr && is_ready_) ended("ended by the client", 0, true);
}

void client::go_away() {
  is_away_ = true;
  posts_.clear();
  if (wire_ != nullptr) ended("went away", 0, true);
}

void client::advance() {
  if (wire_ == nullptr) return;
  if (!wire_->advance([this](std::string_view payload) { on_frame(payload); }))
    ended(wire_->end(), wire_->close_code(), false);
}

void client::tick() {
  advance_posts();
  const auto now = state_.now();
  if (wire_ == nullptr) {
    if (now >= connect_at_ && !is_away_) connect();
    return;
  }
  if (!is_ready_) {
    if (now - connected_at_ > handshake_seconds) ended("silent at the handshake", 0, true);
    return;
  }
  if (now - heard_at_ > give_up_seconds) return ended("silent", 0, true);
  if (now - heard_at_ > ping_after_seconds && !is_pinged_) {
    is_pinged_ = true;
    write({verb::ping, -1, 0, {}, {}, 0, {}, 0}, "ping", "{}");
  }
  const bool is_stuck = std::any_of(commands_.begin(), commands_.end(),
                                    [&](const auto& c) { return now - c.second.sent_at > answer_seconds; });
  if (is_stuck) return ended("without an answer", 0, true);
  std::vector<int> behind;
  for (auto& [room, place] : places_) {
    if (place.resume_at < 0 || now < place.resume_at) continue;
    place.resume_at = -1;
    behind.push_back(room);
  }
  if (!behind.empty()) resume(behind);
  if (watch_at_ >= 0 && now >= watch_at_) watch();
  for (auto& [key, pending] : pending_)
    if (!pending.is_under_way && now >= pending.again_at) send_key(key, pending);
}

void client::write(command what, const std::string& type, const std::string& data) {
  const auto id = fmt::format("{}", ++next_id_);
  const auto text = fmt::format(R"({{"type":"{}","id":"{}","data":{}}})", type, id, data);
  record('>', what.room, 0,
         what.what == verb::watch ? std::string_view(text).substr(0, most_kept_of_long_frames) : text);
  what.sent_at = state_.now();
  what.number = next_id_;
  commands_[id] = std::move(what);
  wire_->send_text(text);
}

void client::send_key(const std::string& key, pending_send& pending) {
  pending.is_under_way = true;
  pending.is_by_rest = state_.chance(post_share);
  if (pending.is_by_rest) return post_key(key, pending.room);
  write({verb::send, pending.room, 0, key, {}, 0, {}, 0}, "send_message",
        fmt::format(R"({{"room_id":"{}","content":"{}","client_msg_id":"{}"}})",
                    state_.room_ids[static_cast<std::size_t>(pending.room)], ledger::text_of(key, 0), key));
}

/// The same key settles it, at this node or at another one.
void client::send_later(const std::string& key, double again_at) {
  const auto found = pending_.find(key);
  if (found == pending_.end()) return;
  found->second = {found->second.room, again_at, false};
  if (sibling_ == nullptr || !sibling_->is_ready_ || !state_.chance(0.5)) return;
  sibling_->pending_[key] = found->second;
  pending_.erase(found);
}

void client::resume(const std::vector<int>& rooms) {
  command what{verb::resume, -1, 0, {}, {}, 0, {}, 0};
  std::string list;
  for (const int room : rooms) {
    const auto after = places_.at(room).received.contiguous();
    what.resumes[room] = after;
    list +=
        fmt::format(R"({}"{}":{})", list.empty() ? "" : ",", state_.room_ids[static_cast<std::size_t>(room)], after);
  }
  write(std::move(what), "resume", fmt::format(R"({{"rooms":{{{}}}}})", list));
}

void client::watch() {
  watch_at_ = -1;
  std::string list;
  for (const auto& id : state_.user_ids) list += fmt::format(R"({}"{}")", list.empty() ? "" : ",", id);
  write({verb::watch, -1, 0, {}, {}, 0, {}, 0}, "watch_presence", fmt::format(R"({{"user_ids":[{}]}})", list));
}

bool client::act(int room) {
  if (!is_ready_ || commands_.size() >= most_under_way) return false;
  ++state_.operations;
  const auto kind = state_.between(0, 1);
  if (kind < 0.07) return edit_own(room, false);
  if (kind < 0.10) return edit_own(room, true);
  if (kind < 0.18) return react(room);
  if (kind < 0.22) {
    read(room);
    return true;
  }
  auto& own = places_.at(room).own;
  if (kind < 0.22 + repeat_share && !own.empty() && sibling_ != nullptr && sibling_->is_ready_) {
    // Sent again although it was acknowledged, by the other device, which is mostly at another node.
    sibling_->pending_[own[state_.pick(own.size())].key] = {room, 0, false};
    return true;
  }
  if (pending_.size() >= most_under_way) return false;
  const auto key = fmt::format("c{}-{}", who_.number, ++next_key_);
  state_.book.attempted(room, key);
  send_key(key, pending_[key] = {room, 0, false});
  return true;
}

bool client::edit_own(int room, bool removes) {
  auto& own = places_.at(room).own;
  if (own.empty()) return false;
  const auto at = own.begin() + static_cast<std::ptrdiff_t>(state_.pick(own.size()));
  auto message = *at;
  own.erase(at);  // until it is answered, so that its edits come one after the other
  const auto& id = state_.room_ids[static_cast<std::size_t>(room)];
  if (removes) {
    write({verb::remove, room, 0, message.key, message.message, 0, {}, 0}, "delete_message",
          fmt::format(R"({{"room_id":"{}","message_id":"{}"}})", id, message.message));
    return true;
  }
  ++message.version;
  state_.book.edit_attempted(message.key, message.version);
  write({verb::edit, room, 0, message.key, message.message, message.version, {}, 0}, "edit_message",
        fmt::format(R"({{"room_id":"{}","message_id":"{}","content":"{}"}})", id, message.message,
                    ledger::text_of(message.key, message.version)));
  return true;
}

bool client::react(int room) {
  const auto& messages = state_.seen_messages[static_cast<std::size_t>(room)];
  if (messages.empty()) return false;
  const auto& message = messages[state_.pick(messages.size())];
  write({verb::react, room, 0, {}, message, 0, {}, 0}, "reaction",
        fmt::format(R"({{"room_id":"{}","message_id":"{}","emoji":"{}","action":"{}"}})",
                    state_.room_ids[static_cast<std::size_t>(room)], message, emojis[state_.pick(emojis.size())],
                    state_.chance(0.3) ? "remove" : "add"));
  return true;
}

/// Now and then what the other device has, which may be at a node that is ahead of this one.
void client::read(int room) {
  auto seq = places_.at(room).received.contiguous();
  if (sibling_ != nullptr && state_.chance(0.5)) {
    seq = std::max(seq, sibling_->places_.at(room).received.contiguous());
  }
  // Or somewhere that he may have been beyond long since, as one who looks through older messages.
  if (seq > 1 && state_.chance(0.3)) seq = static_cast<std::int64_t>(state_.between(1, static_cast<double>(seq)));
  write({verb::read, room, 0, {}, {}, 0, {}, 0, seq}, "read",
        fmt::format(R"({{"room_id":"{}","seq":{}}})", state_.room_ids[static_cast<std::size_t>(room)], seq));
}

bool client::is_live() const {
  return is_ready_ && std::all_of(places_.begin(), places_.end(),
                                  [](const auto& p) { return p.second.position.is_live() && p.second.resume_at < 0; });
}

bool client::is_waiting(int room) const {
  return std::any_of(pending_.begin(), pending_.end(), [&](const auto& p) { return p.second.room == room; }) ||
         std::any_of(commands_.begin(), commands_.end(), [&](const auto& c) { return c.second.room == room; });
}

std::vector<std::pair<std::string, int>> client::unanswered() const {
  std::vector<std::pair<std::string, int>> out;
  for (const auto& [key, pending] : pending_) out.emplace_back(key, pending.room);
  return out;
}

}  // namespace parley::bench
