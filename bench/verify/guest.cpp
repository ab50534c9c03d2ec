// The turns of one guest.
#include "verify/guest.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include "verify/json_fields.hpp"
#include "verify/population.hpp"

namespace parley::bench {
namespace {

constexpr int call_patience_ms = 3'000;
constexpr int pace_ms = 50;
constexpr double silence_seconds = 4;       ///< Then he takes a node to stand still, and goes to another.
constexpr double shortest_wait = 0.5;       ///< For what must not come.
constexpr double longest_wait = 6;          ///< For a node that stands still.
constexpr int known_everywhere_ms = 1'500;  ///< The contract: a second.
constexpr double probe_seconds = 0.5;
constexpr double long_share = 0.1;  ///< Of the removals: watched for as long as a node may stand still.
constexpr std::size_t most_found = 100;
constexpr std::size_t most_lines = 300;
constexpr const char* said_afterwards = "though ";  ///< Begins what he sends when his log-in is over.

bool is_good(int status) { return status >= 200 && status < 300; }

std::uint64_t number_of(const std::string& id) {
  std::uint64_t number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  return number;
}

}  // namespace

void guest_report::add(const guest_report& other) {
  log_outs += other.log_outs;
  removals += other.removals;
  tries += other.tries;
  closed += other.closed;
  found.insert(found.end(), other.found.begin(), other.found.end());
  lines.insert(lines.end(), other.lines.begin(), other.lines.end());
}

guest::guest(const load_state& state, int number, std::uint64_t seed)
    : state_(state), number_(number), random_(seed + static_cast<std::uint64_t>(number)) {
  const auto& node = state_.nodes[static_cast<std::size_t>(number_ % node_count())];
  const auto name = run_name();
  self_ = register_account(node, fmt::format("g{}-{}", name, number_));
  const auto host = register_account(node, fmt::format("h{}-{}", name, number_));
  host_token_ = log_in(node, host);
  token_ = log_in(node, self_);
  rooms_.push_back(make_room(node, host_token_, fmt::format("guest {}", number_), {self_.id}));
}

guest::~guest() {
  finish(0);
  if (thread_.joinable()) thread_.join();
}

void guest::start() {
  thread_ = std::thread([this] { run(); });
}

void guest::finish(double bound) {
  bound_ = bound;
  latest_ = state_.now() + bound;
  is_finishing_ = true;
}

guest_report guest::report() {
  if (thread_.joinable()) thread_.join();
  return report_;
}

void guest::note(const std::string& text) {
  lines_.push_back(
      {state_.now(), {number_, connection_, node_}, -1, 0, '*', std::make_shared<const std::string>(text)});
  if (lines_.size() > most_lines) lines_.pop_front();
}

/// With what he did until then; of several at once the first has it.
void guest::tell(broken kind, const std::string& text) {
  if (report_.found.size() >= most_found) return;
  report_.found.push_back(
      {kind, {number_, connection_, node_}, -1, 0, state_.now(), fmt::format("guest {} {}", number_, text)});
  report_.lines.insert(report_.lines.end(), lines_.begin(), lines_.end());
  lines_.clear();
}

void guest::run() {
  try {
    while (!is_finishing_) turn();
    if (bound_ > 0) {
      latest_ = state_.now() + bound_;  // a turn may have waited for a node that stands still
      if (come_in())
        look_at_log();
      else
        tell(broken::unanswered, "cannot come in and send, long after the last fault");
    }
  } catch (const std::exception& e) {
    tell(broken::unanswered, fmt::format("was stopped by: {}", e.what()));
  }
  is_done_ = true;
}

/// What was taken without an answer. A frame of one who was removed may be taken when he is in the room again.
void guest::look_at_log() {
  for (const auto& room : rooms_)
    for (const auto& event : read_log(state_.nodes.front(), host_token_, room)) {
      const auto content = text_field(event.frame.at("data").as_object(), "content");
      if (!content.starts_with(said_afterwards) || report_.found.size() >= most_found) continue;
      tell(broken::outlived, fmt::format("sent a message, '{}', which is stored with seq {}", content, event.seq));
      report_.found.back().at = std::strtod(content.c_str() + content.rfind("at ") + 3, nullptr);
    }
}

bool guest::is_late() const { return is_finishing_ && state_.now() > latest_; }

void guest::turn() {
  if (!come_in()) return;
  const auto until = state_.now() + between(0.1, 0.6);
  while (state_.now() < until) {
    send();
    take(pace_ms);
  }
  const bool is_log_out = (number_ + turns_++) % 2 == 0;
  const auto token = token_;
  if (!end_access(is_log_out)) return;
  ++(is_log_out ? report_.log_outs : report_.removals);
  try_afterwards(is_log_out);
  if (is_log_out)
    try_token(token);
  else
    try_to_read();
  out_by_.clear();
}

bool guest::come_in() {
  const auto first = next_id_ + 1;
  while (acknowledged_ < first || !is_ready_) {
    if (is_late()) return false;
    if (!has_access()) {
      take(pace_ms);
      continue;
    }
    if (wire_ == nullptr) connect();
    send();
    take(pace_ms);
    if (state_.now() - heard_at_ > silence_seconds) wire_.reset();
  }
  return true;
}

bool guest::has_access() {
  if (!has_membership()) return false;
  if (!token_.empty()) return true;
  try {
    token_ = log_in(state_.nodes[static_cast<std::size_t>(any_node())], self_);
  } catch (const std::exception&) {
    return false;  // a node that is dead or has no store; another time
  }
  return true;
}

bool guest::has_membership() {
  if (is_room_clear_ && !is_member_) {
    const auto path = "/api/v1/rooms/" + rooms_.back() + "/members";
    is_member_ = is_good(ask("POST", path, host_token_, fmt::format(R"({{"user_ids":["{}"]}})", self_.id)));
    is_room_clear_ = is_member_;
  }
  if (is_room_clear_) return true;
  try {
    const auto& node = state_.nodes[static_cast<std::size_t>(any_node())];
    rooms_.push_back(make_room(node, host_token_, fmt::format("guest {}", number_), {self_.id}));
  } catch (const std::exception&) {
    return false;
  }
  is_room_clear_ = is_member_ = true;
  return true;
}

void guest::connect() {
  node_ = any_node();
  ++connection_;
  note(fmt::format("connects to node {}", node_));
  is_ready_ = false;
  heard_at_ = state_.now();
  wire_ = std::make_unique<wire>(state_.nodes[static_cast<std::size_t>(node_)], "/ws?replay=none", token_);
}

void guest::send() {
  if (wire_ == nullptr || !is_ready_) return;
  ++next_id_;
  wire_->send_text(fmt::format(R"({{"type":"send_message","id":"{}","data":{{"room_id":"{}","content":"{}{}"}}}})",
                               next_id_, rooms_.back(), token_.empty() ? said_afterwards : "from the guest ", out_by_));
}

void guest::take(int milliseconds) {
  const auto until = state_.now() + milliseconds / 1000.0;
  do {
    if (wire_ == nullptr) {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      return;
    }
    const auto left = std::max(0, static_cast<int>((until - state_.now()) * 1000));
    pollfd ready{wire_->descriptor(), static_cast<short>(POLLIN | (wire_->wants_write() ? POLLOUT : 0)), 0};
    ::poll(&ready, 1, left);
    if (wire_->advance([this](std::string_view payload) { on_frame(payload); })) continue;
    if (!out_by_.empty() && wire_->close_code() == 4401) ++report_.closed;
    wire_.reset();
  } while (state_.now() < until);
}

void guest::on_frame(std::string_view payload) {
  heard_at_ = state_.now();
  const auto frame = boost::json::parse(boost::json::string_view(payload.data(), payload.size())).as_object();
  const auto type = text_field(frame, "type");
  const auto& data = frame.at("data").as_object();
  if (type == "ready") is_ready_ = true;
  if (type == "ack" || type == "error") {
    const auto id = number_of(text_field(frame, "id"));
    if (type == "ack") acknowledged_ = std::max(acknowledged_, id);
    if (type == "error") last_error_ = text_field(data, "code");
    if (out_by_.empty() || id < out_from_) return;
    ++answered_out_;
    if (type == "ack")
      tell(broken::outlived, fmt::format("was {}, and node {} took what he sent then", out_by_, node_));
  }
  if (type == "new_message" && !out_by_.empty() && text_field(data, "content") == out_by_)
    tell(broken::outlived, fmt::format("was {}, and node {} told him of what was posted then", out_by_, node_));
}

int guest::ask(const std::string& method, const std::string& path, const std::string& token, const std::string& body) {
  try {
    asked_ = any_node();
    const auto& node = state_.nodes[static_cast<std::size_t>(asked_)];
    return call(node, {method, path, token, body, call_patience_ms}).status;
  } catch (const std::exception&) {
    return 0;
  }
}

bool guest::end_access(bool is_log_out) {
  const auto path =
      is_log_out ? std::string("/api/v1/auth/logout") : "/api/v1/rooms/" + rooms_.back() + "/members/" + self_.id;
  // Done by a call before, whose answer was lost, or was that it may be so.
  const int done_before = is_log_out ? 401 : 404;
  bool may_be_done = false;
  for (;;) {
    if (is_late()) return false;
    const int status = is_log_out ? ask("POST", path, token_) : ask("DELETE", path, host_token_);
    if (is_good(status)) break;
    if (status == done_before) {
      if (!may_be_done) tell(broken::refused, fmt::format("could not be turned out, by {}: not there", status));
      take(known_everywhere_ms);
      break;
    }
    may_be_done = true;
    if (!is_log_out) is_room_clear_ = false;
    take(pace_ms);
  }
  out_by_ = fmt::format("{} at {:.3f} s", is_log_out ? "logged out" : "removed", state_.now());
  note(fmt::format("{}, by node {}", out_by_, asked_));
  out_from_ = next_id_ + 1;
  answered_out_ = 0;
  last_error_.clear();
  if (is_log_out) {
    token_.clear();
    if (wire_ == nullptr) ++report_.closed;
  } else {
    is_member_ = false;
  }
  return true;
}

void guest::try_afterwards(bool is_log_out) {
  const auto began = state_.now();
  const bool waits_long = is_log_out || std::bernoulli_distribution(long_share)(random_);
  const auto post = fmt::format(R"({{"content":"{}"}})", out_by_);
  for (;;) {
    const auto passed = state_.now() - began;
    const bool may_go = wire_ == nullptr || (!waits_long && answered_out_ > 0);
    if (passed > longest_wait || (passed > shortest_wait && may_go)) break;
    if (wire_ != nullptr && is_ready_) ++report_.tries;
    send();
    ask("POST", "/api/v1/rooms/" + rooms_.back() + "/messages", host_token_, post);
    ++report_.tries;
    take(pace_ms);
  }
  if (!is_log_out || wire_ == nullptr) return;
  const bool answers = answered_out_ > 0 && last_error_ != "unavailable" && state_.now() - heard_at_ < 1;
  if (answers) tell(broken::outlived, fmt::format("was {}, and node {} has not closed his socket", out_by_, node_));
  wire_.reset();
}

void guest::try_token(const std::string& token) {
  for (std::size_t node = 0; node < state_.nodes.size(); ++node) {
    ++report_.tries;
    try {
      const auto status = call(state_.nodes[node], {"GET", "/api/v1/rooms", token, {}, call_patience_ms}).status;
      if (is_good(status))
        tell(broken::outlived, fmt::format("was {}, and node {} took his token then", out_by_, node));
    } catch (const std::exception&) {
      continue;  // it is dead or stands still
    }
  }
  try_to_connect(token);
}

void guest::try_to_connect(const std::string& token) {
  ++report_.tries;
  const int node = any_node();
  wire probe(state_.nodes[static_cast<std::size_t>(node)], "/ws?replay=none", token);
  bool is_in = false;
  const auto look = [&](std::string_view payload) {
    is_in = is_in || payload.find("\"ready\"") != std::string_view::npos;
  };
  const auto until = state_.now() + probe_seconds;
  while (probe.advance(look) && !is_in && state_.now() < until) {
    pollfd ready{probe.descriptor(), static_cast<short>(POLLIN | (probe.wants_write() ? POLLOUT : 0)), 0};
    ::poll(&ready, 1, pace_ms);
  }
  if (is_in) tell(broken::outlived, fmt::format("was {}, and could connect to node {} then", out_by_, node));
}

void guest::try_to_read() {
  ++report_.tries;
  if (is_good(ask("GET", "/api/v1/rooms/" + rooms_.back() + "/messages", token_)))
    tell(broken::outlived, fmt::format("was {}, and node {} told him what stands in the room", out_by_, asked_));
}

}  // namespace parley::bench
