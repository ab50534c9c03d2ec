// Store ports that hold nothing: a store for tests overrides what it does have.
#pragma once

#include "parley/database.hpp"

namespace parley::testing {

inline error not_in_this_store() { return not_found("not in this store"); }

class empty_records : public record_writer {
 public:
  result<own_profile> create_user(const new_user&) override { return not_in_this_store(); }
  result<void> set_password_hash(user_id, const std::string&, const std::string&) override {
    return not_in_this_store();
  }
  result<std::optional<std::vector<token_hash>>> change_password(const password_change&) override {
    return not_in_this_store();
  }
  result<own_profile> change_profile(user_id, const profile_change&) override { return not_in_this_store(); }
  result<changed_account> change_account(const account_change&) override { return not_in_this_store(); }
  result<void> renew_token(const token_renewal&) override { return {}; }
  result<void> record_audit(const audit_record&) override { return {}; }
  result<std::vector<token_hash>> create_token(const new_token_record&) override { return not_in_this_store(); }
  result<void> delete_token(const token_hash&) override { return not_in_this_store(); }
  result<std::vector<token_hash>> delete_tokens_of(user_id) override { return not_in_this_store(); }
  result<created_room> create_room(const new_room&) override { return not_in_this_store(); }
  result<friendship_change> change_friendship(user_id, user_id, friend_action, timestamp) override {
    return not_in_this_store();
  }
  result<std::vector<sequence>> save_read_markers(std::span<const read_marker> markers) override {
    return std::vector<sequence>(markers.size());
  }
  result<void> save_presence(std::span<const presence_record>) override { return {}; }
  result<void> clear_presence() override { return {}; }
  result<bool> forget_node(const uuid&, timestamp) override { return false; }
  result<std::size_t> end_presence_of_nobody(timestamp, std::uint32_t) override { return std::size_t{0}; }
  result<std::size_t> end_presence_on_no_node(timestamp, std::uint32_t) override { return std::size_t{0}; }
  void tell_nodes(control_event) override {}
  result<void> begin_file(const new_file&) override { return not_in_this_store(); }
  result<void> write_file_block(file_id, std::uint32_t, std::string_view) override { return not_in_this_store(); }
  result<void> finish_file(const finished_file&) override { return not_in_this_store(); }
  result<bool> withdraw_file(user_id, file_id, std::string_view, timestamp) override { return not_in_this_store(); }
  result<std::vector<file_id>> take_unused_files(const unused_files&) override { return std::vector<file_id>(); }
  result<void> delete_files(std::span<const file_id>) override { return {}; }
  result<std::string> keep_secret(std::string_view, std::string_view fresh) override { return std::string(fresh); }
  result<filed_report> file_report(const new_report&) override { return not_in_this_store(); }
  result<void> decide_report(const report_decision&) override { return not_in_this_store(); }
  result<bool> note_removal(const message_removal&, bool, timestamp) override { return true; }
};

class empty_reader : public database_reader {
 public:
  result<std::optional<account_record>> account_by_name(const std::string&) override { return not_in_this_store(); }
  result<std::vector<std::string>> password_parameters() override { return std::vector<std::string>(); }
  result<std::vector<std::optional<token_record>>> tokens(std::span<const token_hash>) override {
    return not_in_this_store();
  }
  result<std::optional<own_profile>> user(user_id) override { return not_in_this_store(); }
  result<page<user_profile>> find_users(const std::string&, const page_request&) override {
    return not_in_this_store();
  }
  result<std::vector<presence_record>> presence(std::span<const user_id>) override { return not_in_this_store(); }
  result<page<friend_item>> friends(user_id, std::optional<friend_status>, const page_request&) override {
    return not_in_this_store();
  }
  result<page<own_profile>> accounts(const account_filter&, const page_request&) override {
    return not_in_this_store();
  }
  result<std::vector<token_item>> tokens_of(user_id) override { return not_in_this_store(); }
  result<std::vector<std::string>> writes_under_way() override { return std::vector<std::string>(); }
  result<std::vector<node_seen>> nodes() override { return std::vector<node_seen>(); }
  result<std::vector<presence_place>> presence_places(user_id) override { return std::vector<presence_place>(); }
  result<std::optional<stored_file>> file_for(user_id, file_id) override { return not_in_this_store(); }
  result<own_files> files_of(user_id, const page_request&) override { return not_in_this_store(); }
  result<std::string> file_block(file_id, std::uint32_t) override { return not_in_this_store(); }
  result<room_standing> standing_in(room_id, user_id) override { return not_in_this_store(); }
  result<page<room_ban>> bans(room_id, std::optional<user_id>, const page_request&) override {
    return not_in_this_store();
  }
  result<page<room_mute>> mutes(room_id, std::optional<user_id>, timestamp, const page_request&) override {
    return not_in_this_store();
  }
  result<page<report_item>> reports(bool, user_id, const page_request&) override { return not_in_this_store(); }
  result<std::optional<report_item>> report(report_id) override { return not_in_this_store(); }
  result<std::optional<stored_file>> reported_file(file_id) override { return std::optional<stored_file>(); }
  result<std::vector<message_removal>> idle_removals(timestamp, std::uint32_t) override {
    return std::vector<message_removal>();
  }
  result<messages_to_remove> messages_of(room_id, user_id, sequence, std::uint32_t) override {
    return not_in_this_store();
  }
  result<page<search_hit>> search(user_id, std::optional<room_id>, const std::string&, const page_request&) override {
    return not_in_this_store();
  }
  result<page<audit_entry>> audit_trail(const page_request&) override { return not_in_this_store(); }
  result<std::vector<session_basis>> session_bases(std::span<const session_question>) override {
    return not_in_this_store();
  }
  result<page<room_summary>> rooms_page(user_id, const page_request&) override { return not_in_this_store(); }
  result<std::optional<room_summary>> room_of(user_id, room_id) override { return not_in_this_store(); }
  result<bool> is_member(user_id, room_id) override { return not_in_this_store(); }
  result<std::vector<read_position>> read_positions(user_id) override { return not_in_this_store(); }
  result<std::optional<room_snapshot>> snapshot(room_id) override { return not_in_this_store(); }
  result<std::vector<room_heading>> headings(std::span<const room_id>) override { return not_in_this_store(); }
  result<std::optional<room_id>> group_by_name(const std::string&) override { return not_in_this_store(); }
  result<page<room_member>> members(room_id, const page_request&) override { return not_in_this_store(); }
  result<std::int64_t> unread(user_id, room_id, sequence) override { return not_in_this_store(); }
  result<sequence> last_seq(room_id) override { return not_in_this_store(); }
  result<std::vector<std::pair<room_id, sequence>>> last_seqs(std::span<const room_id>) override {
    return not_in_this_store();
  }
  result<std::vector<durable_event>> events_after(room_id, sequence, std::uint32_t) override {
    return not_in_this_store();
  }
  result<std::vector<history_item>> history(room_id, std::optional<sequence>, std::optional<sequence>,
                                            std::uint32_t) override {
    return not_in_this_store();
  }
  result<std::optional<room_id>> room_of_message(message_id) override { return not_in_this_store(); }
};

}  // namespace parley::testing
