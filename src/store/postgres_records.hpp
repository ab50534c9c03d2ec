// The records of the store that are not appended to a log: accounts, tokens, rooms, markers, presence.
#pragma once

#include "parley/config.hpp"
#include "parley/database.hpp"
#include "store/account_steps.hpp"
#include "store/friend_rows.hpp"
#include "store/moderation_rows.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// Works inside the writer's open transaction. Remembers the first fault that concerns the whole transaction, since a
/// job might swallow it.
class postgres_records final : public record_writer {
 public:
  /// Null `node`: there are no other nodes, and nothing is told.
  postgres_records(postgres_connection& connection, const limits_config& limits, const node_identity* node,
                   std::vector<control_event>& told)
      : connection_(connection), limits_(limits), node_(node), told_(told) {}

  result<own_profile> create_user(const new_user& user) override;
  result<void> set_password_hash(user_id user, const std::string& old_hash, const std::string& hash) override;
  result<std::optional<std::vector<token_hash>>> change_password(const password_change& change) override;
  result<own_profile> change_profile(user_id user, const profile_change& change) override;
  result<changed_account> change_account(const account_change& change) override;
  result<std::vector<token_hash>> create_token(const new_token_record& token) override;
  result<void> renew_token(const token_renewal& used) override;
  result<void> delete_token(const token_hash& hash) override;
  result<std::vector<token_hash>> delete_tokens_of(user_id user) override;
  result<created_room> create_room(const new_room& room) override;
  result<friendship_change> change_friendship(user_id who, user_id other, friend_action what, timestamp at) override;
  result<std::vector<sequence>> save_read_markers(std::span<const read_marker> markers) override;
  result<void> record_audit(const audit_record& what) override;
  result<void> save_presence(std::span<const presence_record> users) override;
  result<void> clear_presence() override;
  result<bool> forget_node(const uuid& node, timestamp silent_since) override;
  result<std::size_t> end_presence_of_nobody(timestamp last_seen, std::uint32_t limit) override;
  result<std::size_t> end_presence_on_no_node(timestamp last_seen, std::uint32_t limit) override;
  void tell_nodes(control_event what) override {
    if (node_ != nullptr) told_.push_back(std::move(what));
  }
  result<void> begin_file(const new_file& file) override;
  result<void> write_file_block(file_id file, std::uint32_t block, std::string_view bytes) override;
  result<void> finish_file(const finished_file& file) override;
  result<bool> withdraw_file(user_id owner, file_id file, std::string_view name, timestamp now) override;
  result<std::vector<file_id>> take_unused_files(const unused_files& which) override;
  result<void> delete_files(std::span<const file_id> files) override;
  result<std::string> keep_secret(std::string_view name, std::string_view fresh) override;
  result<filed_report> file_report(const new_report& report) override;
  result<void> decide_report(const report_decision& decision) override;
  result<bool> note_removal(const message_removal& what, bool is_over, timestamp at) override;

  // Steps of run_friendship_change and run_account_change; they throw.
  friendship_at_hand lock_friendship(user_id who, user_id other, friend_action what);
  bool has_friends_left(user_id user);
  std::optional<friend_item> read_friend_seen_by(user_id user, user_id other);
  void lock_pair(user_id one, user_id other);
  void write_friendship(user_id who, user_id other, friend_status before, friend_status after, timestamp at);
  accounts_at_hand lock_accounts(std::optional<user_id> by, user_id user);
  bool has_other_admin(user_id user);
  void write_account(user_id user, account_flag flag, role user_role);
  void write_audit(const audit_record& what);
  /// Of check_new_bytes and run_report: what is counted of one person is counted behind this.
  std::optional<account_flag> lock_owner(user_id owner);
  std::uint64_t bytes_of_others(user_id owner, file_id than);
  // Of run_report and run_decision.
  std::optional<reported_message> message_for(user_id user, message_id message);
  std::optional<earlier_report> report_of(user_id reporter, message_id id, const reported_message& message);
  std::int64_t count_open_reports(user_id reporter);
  void write_report(const new_report& report, const reported_message& message);
  std::optional<role> role_of(user_id user);
  std::optional<report_item> lock_report(report_id report);
  void close_reports(const report_item& like, const report_decision& decision);

  [[nodiscard]] const std::optional<postgres_error>& transaction_fault() const { return transaction_fault_; }

 private:
  void save_presence_here(std::span<const presence_record> users, const uuid& node);
  std::size_t end_presence(const postgres_rows& found, timestamp last_seen);

  template <class Body>
  std::invoke_result_t<Body> record(std::string_view what, Body&& body) {
    return guard_postgres(what, [&] {
      try {
        return body();
      } catch (const postgres_error& fault) {
        if (!fault.is_statements_fault() && !fault.is_time_out()) transaction_fault_ = fault;
        throw;
      }
    });
  }

  result<std::vector<user_id>> check_members(const new_room& room);
  std::optional<room_id> room_of_pair(user_id one, user_id other);
  void insert_room(const new_room& room, const std::vector<user_id>& members);

  postgres_connection& connection_;
  const limits_config& limits_;
  const node_identity* node_;
  std::vector<control_event>& told_;
  std::optional<postgres_error> transaction_fault_;
};

}  // namespace parley
