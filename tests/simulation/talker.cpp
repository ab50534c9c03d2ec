// The lines of testing::line_encoder, told to the checker. A message's content is its key, and stands for its id.
#include "simulation/talker.hpp"

#include <algorithm>
#include <sstream>

namespace parley::simulation {

using testing::actor_world;

void talker::connect(actor_world& node, std::uint32_t shard) {
  node_ = &node;
  connection_ = &node.connect(user_, shard);
  connection_->after = position_;
  connection_->events_left = 1'000'000;
  read_ = 0;
  first_sent_.clear();
  last_told_ = 0;
  checks_.connected(name_, position_);
  node.hold(*connection_, room_, true);
  is_registered = false;
  if (others_) others_->begin(node, *connection_);
}

void talker::disconnect(std::size_t lines) {
  if (connection_ == nullptr) return;
  read(lines);
  if (others_) others_->end(*node_, *connection_);
  node_->disconnect(*connection_);
  forget_answers();
}

void talker::lose_connection(std::size_t lines) {
  if (connection_ == nullptr) return;
  read(lines);
  forget_answers();
}

void talker::forget_answers() {
  connection_ = nullptr;
  node_ = nullptr;
  is_registered = false;
  for (auto& [key, is_awaited] : open_) is_awaited = false;
}

std::size_t talker::unread() const { return connection_ == nullptr ? 0 : node_->lines(*connection_).size() - read_; }

bool talker::is_stuck() const {
  return connection_ == nullptr ||
         std::any_of(connection_->news.begin(), connection_->news.end(),
                     [](const auto& each) { return each.starts_with("unknown") || each == "unread"; });
}

void talker::read(std::size_t lines) {
  if (connection_ == nullptr) return;
  const auto& all = node_->lines(*connection_);
  const auto end = std::min(all.size(), read_ + std::min(lines, all.size()));
  for (; read_ < end; ++read_) take(all[read_]);
}

void talker::take(const std::string& line) {
  for (const char c : line) trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  if (others_ && others_->take(line)) return;
  std::istringstream words(line);
  std::string what, key;
  sequence seq = 0;
  words >> what;
  const bool is_live = what == "live";
  if (is_live) words >> what;
  if (what == "ack" && words >> key >> seq) {
    check_order(key);
    acknowledged(key, seq);
    if (!is_live) return;
    checks_.seen_as_ack(name_, seq, key);
    position_ = seq;
  } else if (what == "error") {
    std::string code;
    words >> key >> code;
    refused(key, code);
  } else if ((what == "event" || what == "joined" || what == "left") && words >> seq) {
    if (what == "event") words >> key;
    checks_.seen(name_, seq, key);
    position_ = seq;
  }
}

void talker::watch_again() {
  if (connection_ != nullptr && others_) others_->ask_again(*node_, *connection_);
}

bool talker::speak() {
  if (connection_ == nullptr || !connection_->actor) return false;
  const auto key = name_ + "-" + std::to_string(spoken_++);
  checks_.attempted(key);
  open_[key] = true;
  first_sent_[key] = spoken_;
  node_->say(*connection_, key, key);
  return true;
}

void talker::speak_by_rest(actor_world& node) {
  const auto key = name_ + "-rest-" + std::to_string(spoken_++);
  checks_.attempted(key);
  open_[key] = true;
  node.post_by_rest(room_, user_, key, send_message{key, {}, {}, key});
}

void talker::say_again(const std::string& key) {
  if (connection_ == nullptr || !connection_->actor) return;
  open_.at(key) = true;
  first_sent_.erase(key);
  node_->say(*connection_, key, key);
}

void talker::take_rest_results(actor_world& node) {
  std::erase_if(node.rest_results, [&](const auto& result) {
    const auto& [key, told] = result;
    if (!key.starts_with(name_ + "-")) return false;
    std::istringstream words(told);
    std::string what, seq;
    words >> what >> seq;
    if (seq == "again") words >> seq;
    if (what == "ok") {
      acknowledged(key, std::stoll(seq));
    } else {
      refused(key, what);
    }
    return true;
  });
}

void talker::forget_rest_answers() {
  for (auto& [key, is_awaited] : open_) {
    if (key.starts_with(name_ + "-rest-")) is_awaited = false;
  }
}

/// Frames of one connection to one room are stored in the order sent, and acks come in the order of the room.
void talker::check_order(const std::string& key) {
  const auto sent = first_sent_.extract(key);
  if (!sent) return;
  if (sent.mapped() < last_told_ && out_of_order_.empty()) out_of_order_ = key;
  last_told_ = std::max(last_told_, sent.mapped());
}

void talker::acknowledged(const std::string& key, sequence seq) {
  checks_.acknowledged(key, key, seq);
  open_.erase(key);
}

void talker::refused(const std::string& key, const std::string& code) {
  errors_.push_back(key + " " + code);
  const auto found = open_.find(key);
  if (found != open_.end()) found->second = false;
}

}  // namespace parley::simulation
