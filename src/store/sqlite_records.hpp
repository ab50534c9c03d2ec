// The records of the store that are not appended to a log: accounts, tokens, rooms, markers, presence.
#pragma once

#include "parley/config.hpp"
#include "parley/database.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

/// Works inside the writer's open transaction. Remembers the first fault that concerns the whole transaction,
/// since a job might swallow it.
class sqlite_records final : public record_writer {
 public:
  sqlite_records(sqlite_connection& connection, const limits_config& limits)
      : connection_(connection), limits_(limits) {}

  result<own_profile> create_user(const new_user& user) override;
  result<void> set_password_hash(user_id user, const std::string& hash) override;
  result<void> create_token(const new_token_record& token) override;
  result<void> delete_token(const token_hash& hash) override;
  result<std::vector<token_hash>> delete_tokens_of(user_id user) override;
  result<created_room> create_room(const new_room& room) override;
  result<friendship_change> change_friendship(user_id who, user_id other, friend_action what, timestamp at) override;
  result<void> save_read_markers(std::span<const read_marker> markers) override;
  result<void> save_presence(std::span<const presence_record> users) override;
  result<void> clear_presence() override;

  [[nodiscard]] const std::optional<error>& transaction_fault() const { return transaction_fault_; }

 private:
  template <class Body>
  std::invoke_result_t<Body> record(std::string_view what, Body&& body);

  void write_friendship(user_id who, user_id other, friend_status before, friend_status after, timestamp at);
  result<std::vector<user_id>> check_members(const new_room& room);
  result<void> check_block(user_id creator, user_id other);
  std::optional<room_id> room_of_pair(user_id one, user_id other);
  void insert_room(const new_room& room, const std::vector<user_id>& members);

  sqlite_connection& connection_;
  const limits_config& limits_;
  std::optional<error> transaction_fault_;
};

}  // namespace parley
