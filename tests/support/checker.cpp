// Every promise as a comparison between what was told, seen and stored.
#include "support/checker.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace parley::support {

std::string to_string(const verdict& v) {
  return fmt::format(
      "attempted {} acknowledged {} stored {} lost {} missed {} duplicated {} reordered {} holes {} seen-not-stored "
      "{}: {}",
      v.attempted, v.acknowledged, v.stored, v.lost, v.missed, v.duplicated, v.reordered, v.holes, v.seen_not_stored,
      v.kept() ? "PASS" : "FAIL");
}

void checker::attempted(const std::string& key) { attempted_.insert(key); }

void checker::acknowledged(const std::string& key, const std::string& message, std::int64_t seq) {
  acknowledged_[key].push_back({message, seq});
}

void checker::connected(const std::string& receiver, std::int64_t after_seq) {
  auto& state = receivers_[receiver];
  if (!state.begun) state.first_after = after_seq;
  state.begun = true;
  state.last = after_seq;
}

void checker::seen(const std::string& receiver, std::int64_t seq, const std::string& message) {
  auto& state = receivers_[receiver];
  if (seq == state.last)
    ++repeats_;
  else if (seq < state.last)
    ++backwards_;
  else if (seq > state.last + 1)
    ++skips_;
  state.last = std::max(state.last, seq);
  state.seen[seq] = message;
}

void checker::stored(std::int64_t seq, const std::string& message, const std::string& key) {
  if (!log_.emplace(seq, row{message, key}).second) ++stored_twice_;
}

void checker::complete(const std::string& receiver) { receivers_[receiver].claims_all = true; }

verdict checker::check() const {
  verdict v;
  v.attempted = attempted_.size();
  v.acknowledged = acknowledged_.size();
  v.stored = log_.size();
  v.duplicated = stored_twice_ + repeats_;
  v.reordered = backwards_;
  v.holes = skips_;
  check_acknowledged(v);
  check_log(v);
  check_receivers(v);
  return v;
}

void checker::check_acknowledged(verdict& v) const {
  for (const auto& [key, answers] : acknowledged_) {
    for (const auto& answer : answers) {
      const auto found = log_.find(answer.seq);
      if (found == log_.end() || found->second.message != answer.message || found->second.key != key) ++v.lost;
    }
  }
}

void checker::check_log(verdict& v) const {
  std::set<std::string> keys;
  std::int64_t expected = 1;
  for (const auto& [seq, stored_row] : log_) {
    v.holes += static_cast<std::uint64_t>(seq - expected);
    expected = seq + 1;
    if (!stored_row.key.empty() && !keys.insert(stored_row.key).second) ++v.duplicated;
  }
}

void checker::check_receivers(verdict& v) const {
  for (const auto& [name, receiver] : receivers_) {
    for (const auto& [seq, message] : receiver.seen) {
      const auto found = log_.find(seq);
      if (found == log_.end())
        ++v.seen_not_stored;
      else if (found->second.message != message)
        ++v.reordered;
    }
    if (!receiver.claims_all) continue;
    for (const auto& [seq, stored_row] : log_)
      if (seq > receiver.first_after && !receiver.seen.contains(seq)) ++v.missed;
  }
}

}  // namespace parley::support
