// An append batch on PostgreSQL in two round trips: lock the rooms and read the facts; write what the plan wants and
// commit.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "parley/config.hpp"
#include "store/append_facts.hpp"
#include "store/append_plan.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// What happens to a batch's rooms that another transaction has locked.
enum class busy_rooms : std::uint8_t {
  wait,  ///< In order of their ids, so that two batches never wait for each other.
  skip,  ///< They are left out, so that nothing that is locked here waits for them.
};

/// Nobody let go of a room in time; nothing was asked or written.
class rooms_are_busy : public postgres_error {
 public:
  explicit rooms_are_busy(const postgres_error& fault) : postgres_error(fault) {}
};

/// One transaction for one batch, READ COMMITTED: each statement behind the lock sees all that was committed before the
/// lock was had. Belongs to one writer. Commands must stay in place until the next begin(). Throws postgres_error.
class postgres_append {
 public:
  /// `tells_nodes`: there are others. `options` outlive it.
  postgres_append(const limits_config& limits, bool tells_nodes, const postgres_options& options)
      : limits_(limits), tells_(tells_nodes), options_(options) {}

  /// The first round trip, and the plan; one more where somebody had the rooms just now. Afterwards the transaction is
  /// open and holds the rooms' locks. Throws rooms_are_busy too.
  void begin(postgres_connection& connection, std::span<const append_command> commands, busy_rooms busy);
  /// The second round trip. A lost connection leaves in doubt whether it took effect: see was_committed().
  void commit(postgres_connection& connection);

  /// One outcome for each command, in order; null for a command of a room that was skipped.
  [[nodiscard]] std::vector<std::optional<append_outcome>>& outcomes() { return outcomes_; }
  [[nodiscard]] bool writes_something() const { return plan_ && !plan_->writes().empty(); }

  /// On another connection, after commit() got no answer. Takes the locks of the rooms, behind which the old
  /// transaction has ended either way, and looks for the events that it was to write. Leaves no transaction open.
  bool was_committed(postgres_connection& connection);

 private:
  void wait_for_rooms(postgres_connection& connection) const;
  void send_questions(postgres_round_trip& trip, busy_rooms busy);
  void take_answers(const std::vector<postgres_rows>& answers);
  void take_membership(const postgres_row& row);
  void take_rooms(const postgres_rows& locked, const postgres_rows& rooms);
  void take_messages(const std::vector<postgres_rows>& answers);
  void ask_for_files(postgres_round_trip& trip);
  void take_stored_sends(const postgres_rows& rows);

  const limits_config& limits_;
  const bool tells_;
  const postgres_options& options_;
  append_needs needs_;
  append_facts facts_;
  std::optional<append_plan> plan_;
  std::vector<std::optional<append_outcome>> outcomes_;
  fact_set<room_id> skipped_;

  /// Places of the answers in the first round trip; null where there was nothing to ask.
  struct questions {
    std::size_t locked = 0, rooms = 0, accounts = 0, memberships = 0;
    std::optional<std::size_t> room_sizes, account_rooms, files, file_users, messages, reactions, emojis, by_key, by_id,
        bans, blocked;
  } asked_;
};

}  // namespace parley
