// A store in memory with accounts, tokens, rooms, logs and presence, for tests of sessions, accounts and the broker.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "parley/database.hpp"

namespace parley::testing {

/// Used by one thread. Keeps the contract's rules only as far as actors can see them.
class memory_store final : public database {
 public:
  struct room_record {
    std::optional<std::string> name;
    bool is_group = true;
    user_id created_by;
    std::vector<user_id> members;
    std::vector<durable_event> events;
    std::map<user_id, sequence> markers;
    [[nodiscard]] sequence end() const { return events.empty() ? 0 : events.back().seq; }
  };

  std::map<user_id, account_record> accounts;
  std::map<token_hash, std::pair<user_id, timestamp>> tokens;
  std::map<room_id, room_record> rooms;
  std::map<user_id, presence_record> presences;
  std::map<user_id, std::vector<user_id>> friends;
  std::map<file_id, std::string> files;  ///< Each with its stage.
  std::set<file_id> reported_files;
  std::vector<file_id> unused_files;  ///< What a sweep finds.
  struct removal {
    removal_id id;
    std::optional<sequence> done;
    timestamp seen_at{};
  };
  std::map<std::pair<room_id, user_id>, removal> removals;
  int removals_noted_in_company = 0;  ///< By jobs that share their transactions.
  std::size_t largest_batch = 0;      ///< Of commands.
  std::set<message_id> deleted;
  std::vector<presence_record> presence_saves;
  bool reads_work = true;
  bool commits_work = true;
  int presence_clears = 0;
  std::vector<std::pair<uuid, timestamp>> forgotten;  ///< Nodes, and since when they were silent.
  int failing_burials = 0;                            ///< So many of the next fail.
  std::size_t flags_alone = 0;                        ///< So many count as on, on no node.
  std::size_t orphans = 0;                            ///< So many are on only on nodes that nobody knows.
  int token_reads = 0;
  std::function<void()> during_token_read;
  int session_reads = 0;
  std::vector<std::string> writes_under_way;              ///< Of others, at the moment.
  std::function<void()> during_staff_read;                ///< What happens while staff's question is being answered.
  std::vector<std::vector<token_hash>> renewals_of_jobs;  ///< For each job that renews tokens, which.
  int failing_renewals = 0;                               ///< So many of the next fail.

  account_record& add_user(user_id id, const std::string& name);
  room_record& add_room(room_id id, std::vector<user_id> members);
  void say(room_id room, user_id sender, const std::string& content, message_id message = {});

  result<void> migrate(const std::function<bool()>&) override { return {}; }
  result<std::unique_ptr<database_writer>> open_writer() override;
  result<std::unique_ptr<database_reader>> open_reader() override;
  result<std::unique_ptr<search_index>> open_search_index() override {
    return make_error(error_code::unavailable, "There is no index here.");
  }
  result<std::vector<std::string>> pending_migrations() override { return std::vector<std::string>(); }
  [[nodiscard]] std::uint32_t max_writers() const override { return 1; }

  [[nodiscard]] std::optional<room_summary> summary(user_id user, room_id room) const;
  result<stored> append(const append_command& command);
};

}  // namespace parley::testing
