// One poll loop over all clients, so that what happened on each connection stays in order.
#include "fault/chat_load.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>

namespace parley::support {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::size_t window = 8;  ///< Unacknowledged messages of one sender.
constexpr std::chrono::milliseconds pause_after_error{20};

std::string text_of(const boost::json::object& data, std::string_view field) {
  const auto* value = data.if_contains(field);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

chat_load::chat_load(std::vector<target> servers, stored_log log, std::string room, int senders, int receivers)
    : servers_(std::move(servers)), log_(std::move(log)), room_(std::move(room)) {
  for (int i = 0; i < senders + receivers; ++i) {
    auto made = std::make_unique<client>();
    made->server = static_cast<std::size_t>(i) % servers_.size();
    made->is_sender = i < senders;
    made->name = fmt::format("{}-{}", made->is_sender ? "sender" : "receiver", i);
    clients_.push_back(std::move(made));
  }
  reconnect();
}

bool chat_load::connect(client& c) {
  try {
    c.socket = std::make_unique<client_socket>(servers_[c.server], fmt::format("/ws/{}/{}?replay=none", room_, c.name));
    c.resumed = false;
    c.refused.clear();
    pump(c);  // the first frames may have come with the handshake, and then nothing makes the descriptor readable
    return true;
  } catch (const std::runtime_error&) {
    c.socket.reset();
    return false;
  }
}

void chat_load::reconnect() {
  for (auto& c : clients_)
    if (!connect(*c)) throw std::runtime_error(c->name + " could not connect");
}

void chat_load::send_key(client& c, const std::string& key) {
  checker_.attempted(key);
  c.socket->send_text(fmt::format(
      R"({{"type":"send_message","id":"{0}","data":{{"content":"text of {0}","client_msg_id":"{0}"}}}})", key));
}

/// Before the resume is acknowledged live events may come from beyond what is missing.
void chat_load::move_to(client& c, std::int64_t seq) {
  if (c.resumed) c.position = std::max(c.position, seq);
}

void chat_load::resume(client& c) {
  c.resumed_from = c.position;
  c.socket->send_text(
      fmt::format(R"({{"type":"resume","id":"resume","data":{{"rooms":{{"{}":{}}}}}}})", room_id_, c.position));
}

void chat_load::fill(client& c) {
  while (sending_ && c.unacknowledged.size() < window) {
    c.unacknowledged.push_back(fmt::format("{}-{}", c.name, c.sent++));
    send_key(c, c.unacknowledged.back());
  }
}

void chat_load::pump(client& c) {
  if (!c.socket) return;
  try {
    if (!c.socket->read_frames([&](std::string_view payload) { on_frame(c, payload); })) c.socket.reset();
    if (c.socket && c.is_sender && c.resumed) fill(c);
  } catch (const std::runtime_error&) {
    c.socket.reset();  // the server died under it
  }
}

void chat_load::on_frame(client& c, std::string_view payload) {
  const auto frame = boost::json::parse(boost::json::string_view(payload.data(), payload.size())).as_object();
  const auto type = text_of(frame, "type");
  const auto& data = frame.at("data").as_object();
  if (type == "ready") {
    const auto& room = data.at("rooms").as_array().at(0).as_object();
    room_id_ = text_of(room, "room_id");
    const auto live_after = room.at("last_seq").as_int64();
    if (c.position < 0) c.position = live_after;
    checker_.connected(c.name, live_after);
    resume(c);
    return;
  }
  const auto id = text_of(frame, "id");
  if (type == "error") {
    ++errors_[text_of(data, "code")];
    // Not accepted, or in doubt: the same key settles it.
    if (std::find(c.unacknowledged.begin(), c.unacknowledged.end(), id) != c.unacknowledged.end())
      c.refused.push_back(id);
    else if (id == "resume")
      throw std::logic_error("resume refused: " + std::string(payload));
    return;
  }
  if (type == "ack" && id == "resume") {
    checker_.connected(c.name, c.resumed_from);  // what came live before the ack comes again
    c.resumed = true;
    for (const auto& key : c.unacknowledged) send_key(c, key);
    return;
  }
  const auto* seq = data.if_contains("seq");
  if (type == "ack") {
    const auto message = text_of(data, "message_id");
    checker_.acknowledged(id, message, seq->as_int64());
    last_acknowledged_seq_ = std::max(last_acknowledged_seq_, seq->as_int64());
    ++acknowledged_;
    std::erase(c.unacknowledged, id);
    // A duplicate's ack names an old seq, whose event comes on its own; another ack may stand in its event's place,
    // unless a replay is under way that brings the event too: senders are judged by their acks alone.
    return;
  }
  if (c.is_sender || seq == nullptr || type == "read" || type == "replay_end") {
    if (type == "replay_end" && data.at("more").as_bool()) resume(c);
    if (c.is_sender && seq != nullptr && type != "read" && type != "replay_end") move_to(c, seq->as_int64());
    return;
  }
  move_to(c, seq->as_int64());
  checker_.seen(c.name, seq->as_int64(), type == "new_message" ? text_of(data, "message_id") : std::string());
}

void chat_load::send_refused_again() {
  if (clock::now() < again_at_) return;
  again_at_ = clock::now() + pause_after_error;
  for (auto& c : clients_) {
    if (!c->socket || !c->resumed) continue;
    try {
      for (const auto& key : std::exchange(c->refused, {})) send_key(*c, key);
    } catch (const std::runtime_error&) {
      c->socket.reset();
    }
  }
}

void chat_load::step(int timeout_ms) {
  send_refused_again();
  std::vector<pollfd> descriptors;
  std::vector<client*> open;
  for (auto& c : clients_) {
    if (!c->socket) continue;
    descriptors.push_back({c->socket->descriptor(), POLLIN, 0});
    open.push_back(c.get());
  }
  if (::poll(descriptors.data(), descriptors.size(), timeout_ms) <= 0) return;
  for (std::size_t i = 0; i < open.size(); ++i)
    if (descriptors[i].revents != 0) pump(*open[i]);
}

bool chat_load::run_while(const std::function<bool()>& unfinished, double seconds) {
  const auto end = clock::now() + std::chrono::duration<double>(seconds);
  while (unfinished()) {
    if (clock::now() > end) return false;
    step(20);
  }
  return true;
}

bool chat_load::has_unacknowledged() const {
  return std::any_of(clients_.begin(), clients_.end(), [](const auto& c) { return !c->unacknowledged.empty(); });
}

std::uint64_t chat_load::errors(const std::string& code) const {
  const auto found = errors_.find(code);
  return found == errors_.end() ? 0 : found->second;
}

bool chat_load::run_until_acknowledged(std::uint64_t more, double seconds) {
  const auto goal = acknowledged_ + more;
  return run_while([&] { return acknowledged_ < goal; }, seconds);
}

bool chat_load::settle(double seconds) {
  sending_ = false;
  if (servers_.size() > 1) return run_while([&] { return has_unacknowledged(); }, seconds);
  return run_while(
      [&] {
        return std::any_of(clients_.begin(), clients_.end(), [&](const auto& c) {
          return c->is_sender ? !c->unacknowledged.empty() : c->position < last_acknowledged_seq_;
        });
      },
      seconds);
}

verdict chat_load::judge() {
  for (const auto& row : log_(room_id_)) checker_.stored(row.seq, row.message, row.key);
  for (const auto& c : clients_)
    if (!c->is_sender && servers_.size() == 1) checker_.complete(c->name);
  return checker_.check();
}

}  // namespace parley::support
