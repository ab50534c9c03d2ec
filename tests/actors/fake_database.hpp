// A store in memory for actor tests: just enough rules to be a log, and every way of failing that actors must bear.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "parley/database.hpp"

namespace parley::testing {

/// Used by one thread. A message with the content "forbidden" is refused.
class fake_database final : public database {
 public:
  struct room_record {
    std::vector<user_id> members;
    std::vector<durable_event> events;
    std::map<std::pair<user_id, std::string>, std::size_t> keys;  ///< client_msg_id to index in `events`.
    std::map<user_id, sequence> markers;
    sequence lost = 0;  ///< So many of the last events were deleted behind the store's back.

    [[nodiscard]] sequence end() const { return static_cast<sequence>(events.size()) + lost; }
    [[nodiscard]] bool has(user_id user) const {
      return std::find(members.begin(), members.end(), user) != members.end();
    }
  };
  struct commit_record {
    std::size_t commands = 0, jobs = 0;
    int writer = 0;  ///< 1 for the first that was opened.
    std::set<room_id> rooms;
  };

  std::map<room_id, room_record> rooms;
  std::vector<node_seen> nodes_seen;
  std::vector<commit_record> commits;  ///< Those that were stored.
  int failing_commits = 0;             ///< So many of the next commits store nothing and fail.
  int unclear_commits = 0;             ///< So many of the next commits store everything and fail all the same.
  int throwing_commits = 0;
  std::set<room_id> busy_rooms;  ///< Somebody else has them.
  bool probe_works = true;
  bool looks_work = true;
  int looks = 0;
  bool commits_jobs_apart = false;
  bool reads_work = true;
  std::set<int> lost_readers;                  ///< 1 for the first that was opened: they answer `unavailable`.
  std::optional<presence_record> presence_of;  ///< Of the one user who has a presence.
  std::vector<token_item> log_ins;             ///< Whoever asks.
  std::optional<user_id> unreadable_user;      ///< Whoever asks for him beside others gets nothing.
  std::vector<std::size_t> saved_presences;    ///< How many each job saved.
  std::optional<user_id> refused_presence;     ///< Whose cannot be saved.
  std::vector<std::size_t> session_reads;      ///< How many sessions each look was for.
  int writers_opened = 0, readers_opened = 0, tidied = 0, marker_saves = 0, log_reads = 0;

  result<void> migrate(const std::function<bool()>&) override { return {}; }
  result<std::unique_ptr<database_writer>> open_writer() override;
  result<std::unique_ptr<database_reader>> open_reader() override;
  result<std::unique_ptr<search_index>> open_search_index() override {
    return make_error(error_code::unavailable, "There is no index here.");
  }
  result<std::vector<std::string>> pending_migrations() override { return std::vector<std::string>(); }
  [[nodiscard]] std::uint32_t max_writers() const override { return 1; }

  result<stored> append(const append_command& command);
};

}  // namespace parley::testing
