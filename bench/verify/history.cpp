// Keeping what happened, and finding again what belongs to one violation.
#include "verify/history.hpp"

#include <algorithm>
#include <numeric>

namespace parley::bench {
namespace {

constexpr std::size_t most_recent_texts = 8'192;
constexpr std::size_t most_listed = 1'000;
constexpr std::size_t shown_before = 8;
constexpr std::size_t shown_after = 4;
constexpr std::size_t shown_about = 12;  ///< Entries of the seq itself, over all clients.
constexpr std::size_t shown_faults = 3;

bool is_fault(const history_entry& e) { return e.who.client < 0 && e.room < 0; }

/// Of what belongs to no room: where the client was connected and what it asked for, but no pings.
bool is_worth_showing(const history_entry& e) {
  return e.way == '*' || e.text->find("\"resume\"") != std::string::npos;
}

bool concerns(const history_entry& e, const violation& v) {
  const bool is_his = v.who.client < 0 ? e.who.client >= 0 : e.who.client == v.who.client;
  if (!v.subject.empty()) {
    const bool is_about = e.text->find(v.subject) != std::string::npos;
    return is_his && e.room < 0 && (is_about || (v.who.client >= 0 && is_worth_showing(e)));
  }
  return is_his && (e.room < 0 ? is_worth_showing(e) : e.room == v.room || v.room < 0);
}

}  // namespace

const char* to_string(broken kind) {
  constexpr std::array<const char*, broken_kinds> names{"lost",     "duplicated", "reordered", "holes",
                                                        "unstored", "differs",    "refused",   "unanswered",
                                                        "unquiet",  "untrue",     "outlived"};
  return names[static_cast<std::size_t>(kind)];
}

shared_text history::intern(std::string_view text) {
  if (const auto found = recent_.find(text); found != recent_.end()) return found->second;
  if (recent_.size() >= most_recent_texts) recent_.clear();
  auto made = std::make_shared<const std::string>(text);
  recent_.emplace(*made, made);
  return made;
}

void history::add(history_entry entry) {
  entries_.push_back(std::move(entry));
  if (entries_.size() > most_entries_) entries_.pop_front();
}

void history::insert(const history_entry& entry) {
  const auto by_time = [](double at, const history_entry& e) { return at < e.at; };
  entries_.insert(std::upper_bound(entries_.begin(), entries_.end(), entry.at, by_time), entry);
}

std::vector<history_entry> history::excerpt(const violation& v) const {
  std::vector<std::size_t> chosen;
  const auto now = static_cast<std::size_t>(
      std::upper_bound(entries_.begin(), entries_.end(), v.at, [](double at, const auto& e) { return at < e.at; }) -
      entries_.begin());
  // Backwards: what led to it, and the faults that may have caused it.
  std::size_t before = 0;
  std::size_t faults = 0;
  for (std::size_t i = now; i-- > 0 && (before < shown_before || faults < shown_faults);) {
    const auto& e = entries_[i];
    if (is_fault(e) && faults < shown_faults) {
      chosen.push_back(i);
      ++faults;
    } else if (before < shown_before && concerns(e, v)) {
      chosen.push_back(i);
      ++before;
    }
  }
  std::size_t after = 0;
  for (std::size_t i = now; i < entries_.size() && after < shown_after; ++i) {
    if (!concerns(entries_[i], v) && !is_fault(entries_[i])) continue;
    chosen.push_back(i);
    ++after;
  }
  // Who sent it, when it was acknowledged, and who else got it. The violated client's own come first.
  const auto choose_about = [&](bool own, std::size_t most) {
    for (std::size_t i = 0; i < entries_.size() && most > 0; ++i) {
      const auto& e = entries_[i];
      if (e.seq != v.seq || e.room != v.room || (e.who.client == v.who.client) != own) continue;
      chosen.push_back(i);
      --most;
    }
  };
  if (v.seq > 0 && v.room >= 0) {
    choose_about(true, shown_about / 2);
    choose_about(false, shown_about / 2);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  std::vector<history_entry> out;
  out.reserve(chosen.size());
  for (const auto i : chosen) out.push_back(entries_[i]);
  return out;
}

double history::first_seen(int room, std::int64_t seq, double otherwise) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& e) { return e.room == room && e.seq == seq && seq > 0; });
  return found == entries_.end() ? otherwise : found->at;
}

void findings::add(violation v, std::uint64_t times) {
  counts_[static_cast<std::size_t>(v.kind)] += times;
  if (list_.size() < most_listed) list_.push_back(std::move(v));
}

std::uint64_t findings::total() const { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }

}  // namespace parley::bench
