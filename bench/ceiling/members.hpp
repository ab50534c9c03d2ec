// Who sends where in the ceilings, and which of them make up the next batch.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ceiling.hpp"

namespace parley::bench {

/// A row of tb_user_room; ids as the database has them.
struct member {
  std::string room, user;
  std::size_t room_number = 0;  ///< Place of its room among all, in order of their ids.
};

/// Rooms take turns, as they do when all are equally busy; a batch is in order of its rooms, as Parley's is.
class member_turns {
 public:
  /// In order of rooms.
  explicit member_turns(std::vector<member> members) : members_(std::move(members)) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const bool is_new = i == 0 || members_[i].room != members_[i - 1].room;
      members_[i].room_number = i == 0 ? 0 : members_[i - 1].room_number + (is_new ? 1 : 0);
      turns_.emplace_back(is_new ? 0 : turns_.back().first + 1, i);
    }
    std::sort(turns_.begin(), turns_.end());
  }

  std::vector<const member*> next(std::size_t batch) {
    std::vector<std::size_t> chosen;
    chosen.reserve(batch);
    for (std::size_t i = 0; i < batch; ++i) chosen.push_back(turns_[next_++ % turns_.size()].second);
    std::sort(chosen.begin(), chosen.end());
    std::vector<const member*> out;
    out.reserve(batch);
    for (const auto number : chosen) out.push_back(&members_[number]);
    return out;
  }

 private:
  std::vector<member> members_;
  std::vector<std::pair<std::size_t, std::size_t>> turns_;  ///< Place within the room, and the member.
  std::size_t next_ = 0;
};

/// The bytes of a UUIDv7.
class message_ids {
 public:
  std::array<std::uint64_t, 2> next() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    return {ms << 16 | 0x7000 | (random_() & 0xFFF), (random_() >> 2) | std::uint64_t{1} << 63};
  }

 private:
  std::mt19937_64 random_{std::random_device{}()};
};

inline double thread_cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// `transaction` stores `rows` each time.
template <class Transaction>
ceiling_figures repeat_for(double seconds, std::size_t rows, Transaction transaction) {
  using clock = std::chrono::steady_clock;
  ceiling_figures out;
  const auto cpu = thread_cpu_seconds();
  const auto start = clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  for (auto begun = start; begun < end;) {
    transaction();
    const auto done = clock::now();
    out.transactions_ns.push_back((done - std::exchange(begun, done)).count());
    out.rows += rows;
  }
  out.seconds = std::chrono::duration<double>(clock::now() - start).count();
  out.client_cpu_seconds = thread_cpu_seconds() - cpu;
  return out;
}

}  // namespace parley::bench
