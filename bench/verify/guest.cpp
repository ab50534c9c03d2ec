// The turns of one guest.
#include "verify/guest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>

#include "verify/json_fields.hpp"

namespace parley::bench {
namespace {

constexpr double silence_seconds = 4;       ///< Then he takes a node to stand still, and goes to another.
constexpr int known_everywhere_ms = 1'500;  ///< The contract: a second.
constexpr std::size_t most_lines = 300;
constexpr int log_out_code = 4401;
constexpr int suspension_code = 4403;

const char* words_for(way_out how) {
  switch (how) {
    case way_out::log_out:
      return "logged out";
    case way_out::removal:
      return "removed";
    case way_out::suspension:
      break;
  }
  return "suspended";
}

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
  suspensions += other.suspensions;
  closed_by_suspensions += other.closed_by_suspensions;
  for (const auto& [check, times] : other.outlived) outlived[check] += times;
}

guest::guest(const load_state& state, int number, std::uint64_t seed)
    : state_(state),
      number_(number),
      name_(fmt::format("{}-{}", run_name(), number)),
      random_(seed + static_cast<std::uint64_t>(number)) {
  const auto& node = state_.nodes[static_cast<std::size_t>(number_ % node_count())];
  self_ = register_account(node, "g" + name_);
  const auto host = register_account(node, "h" + name_);
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

bool guest::is_late() const { return is_finishing_ && state_.now() > latest_; }

void guest::turn() {
  if (!come_in()) return;
  const auto until = state_.now() + between(0.1, 0.6);
  while (state_.now() < until) {
    send();
    take(pace_ms);
  }
  const int ways = state_.moderator.empty() ? 2 : 3;
  const auto how = static_cast<way_out>((number_ + turns_++) % ways);
  const auto token = token_;
  if (!end_access(how)) return;
  try_afterwards(how);
  if (how == way_out::removal)
    try_to_read();
  else
    try_token(token);
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
  if (!has_account() || !has_membership()) return false;
  if (!token_.empty()) return true;
  try {
    token_ = log_in(state_.nodes[static_cast<std::size_t>(any_node())], self_);
  } catch (const std::exception&) {
    return false;  // a node that is dead or has no store; another time
  }
  return true;
}

bool guest::has_account() {
  if (is_suspended_ && is_account_clear_) {
    is_account_clear_ = is_good(change_account("active"));
    is_suspended_ = !is_account_clear_;
  }
  if (is_account_clear_) return true;
  try {
    self_ =
        register_account(state_.nodes[static_cast<std::size_t>(any_node())], fmt::format("g{}-{}", name_, ++accounts_));
  } catch (const std::exception&) {
    return false;
  }
  note("has another account");
  wire_.reset();
  token_.clear();
  is_suspended_ = is_room_clear_ = false;  // nor is he a member
  is_account_clear_ = true;
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
    wire_->wait(std::max(0, static_cast<int>((until - state_.now()) * 1000)));
    if (wire_->advance([this](std::string_view payload) { on_frame(payload); })) continue;
    on_closed(wire_->close_code());
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
      tell_outlived("a frame was taken", fmt::format("was {}, and node {} took what he sent then", out_by_, node_));
  }
  if (type == "new_message" && !out_by_.empty() && text_field(data, "content") == out_by_)
    tell_outlived("a post was told",
                  fmt::format("was {}, and node {} told him of what was posted then", out_by_, node_));
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

int guest::change_account(const char* flag) {
  return ask("PATCH", "/api/v1/admin/users/" + self_.id, state_.moderator,
             fmt::format(R"({{"flagDelete":"{}"}})", flag));
}

int guest::ask_to_end(way_out how) {
  switch (how) {
    case way_out::log_out:
      return ask("POST", "/api/v1/auth/logout", token_);
    case way_out::removal:
      return ask("DELETE", "/api/v1/rooms/" + rooms_.back() + "/members/" + self_.id, host_token_);
    case way_out::suspension:
      break;
  }
  return change_account("not_active");
}

bool guest::end_access(way_out how) {
  // Done by a call before, whose answer was lost, or was that it may be so. A suspension is then done again.
  const int done_before = how == way_out::log_out ? 401 : how == way_out::removal ? 404 : -1;
  bool may_be_done = false;
  for (;;) {
    if (is_late()) return false;
    const int status = ask_to_end(how);
    if (is_good(status)) break;
    if (status == done_before) {
      if (!may_be_done) tell(broken::refused, fmt::format("could not be turned out, by {}: not there", status));
      take(known_everywhere_ms);
      break;
    }
    may_be_done = true;
    if (how == way_out::removal) is_room_clear_ = false;
    if (how == way_out::suspension) is_account_clear_ = false;
    if (status >= 400 && status < 500 && status != 429) {
      tell(broken::refused, fmt::format("could not be {}: {}", words_for(how), status));
      return false;
    }
    take(pace_ms);
  }
  set_out(how);
  return true;
}

void guest::set_out(way_out how) {
  out_by_ = fmt::format("{} at {:.3f} s", words_for(how), state_.now());
  note(fmt::format("{}, by node {}", out_by_, asked_));
  out_from_ = next_id_ + 1;
  answered_out_ = 0;
  last_error_.clear();
  is_suspended_ = how == way_out::suspension;
  if (how == way_out::removal) {
    ++report_.removals;
    is_member_ = false;
    return;
  }
  ++(is_suspended_ ? report_.suspensions : report_.log_outs);
  token_.clear();
  if (wire_ == nullptr) count_closed();
}

/// He was ready before, so that either code can mean nothing but how his log-in ended. No other one is wrong: a node
/// that is killed says none, one that begins anew 1012, and one to which he was too slow may have said so before.
void guest::on_closed(int code) {
  if (out_by_.empty() || !token_.empty()) return;  // he is still logged in
  if (code == (is_suspended_ ? suspension_code : log_out_code)) {
    count_closed();
  } else if (code == log_out_code || code == suspension_code) {
    tell_outlived("a wrong code was told",
                  fmt::format("was {}, and node {} closed his socket with {}", out_by_, node_, code));
  }
}

void guest::count_closed() { ++(is_suspended_ ? report_.closed_by_suspensions : report_.closed); }

}  // namespace parley::bench
