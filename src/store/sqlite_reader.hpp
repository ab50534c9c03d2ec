// A connection that only reads a SQLite file; its functions stand in three files, one for each port.
#pragma once

#include <memory>

#include "parley/database.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

class sqlite_reader final : public database_reader {
 public:
  /// Throws sqlite_error when the file cannot be opened.
  explicit sqlite_reader(const sqlite_options& options)
      : options_(options), connection_(options, sqlite_access::read) {}

  // sqlite_reader_accounts.cpp
  result<std::optional<account_record>> account_by_name(const std::string& username) override;
  result<std::vector<std::string>> password_parameters() override;
  result<std::vector<std::optional<token_record>>> tokens(std::span<const token_hash> hashes) override;
  result<std::optional<own_profile>> user(user_id user) override;
  result<page<user_profile>> find_users(const std::string& query, const page_request& range) override;
  result<std::vector<presence_record>> presence(std::span<const user_id> users) override;
  result<page<friend_item>> friends(user_id user, std::optional<friend_status> status,
                                    const page_request& range) override;

  // sqlite_people.cpp
  result<page<own_profile>> accounts(const account_filter& which, const page_request& range) override;
  result<std::vector<token_item>> tokens_of(user_id user) override;
  result<std::vector<std::string>> writes_under_way() override { return std::vector<std::string>(); };
  result<page<audit_entry>> audit_trail(const page_request& range) override;

  result<std::vector<node_seen>> nodes() override { return std::vector<node_seen>(); }
  result<std::vector<presence_place>> presence_places(user_id) override { return std::vector<presence_place>(); }

  // sqlite_reader_rooms.cpp
  result<std::vector<session_basis>> session_bases(std::span<const session_question> questions) override;
  result<page<room_summary>> rooms_page(user_id user, const page_request& range) override;
  result<std::optional<room_summary>> room_of(user_id user, room_id room) override;
  result<bool> is_member(user_id user, room_id room) override;
  result<std::vector<read_position>> read_positions(user_id user) override;
  result<std::optional<room_snapshot>> snapshot(room_id room) override;
  result<std::vector<room_heading>> headings(std::span<const room_id> rooms) override;
  result<std::optional<room_id>> group_by_name(const std::string& name) override;
  result<page<room_member>> members(room_id room, const page_request& range) override;
  result<std::int64_t> unread(user_id user, room_id room, sequence after) override;

  // sqlite_reader_log.cpp
  result<sequence> last_seq(room_id room) override;
  result<std::vector<std::pair<room_id, sequence>>> last_seqs(std::span<const room_id> rooms) override;
  result<std::vector<durable_event>> events_after(room_id room, sequence after, std::uint32_t limit) override;
  result<std::vector<history_item>> history(room_id room, std::optional<sequence> before, std::optional<sequence> after,
                                            std::uint32_t limit) override;
  result<std::optional<room_id>> room_of_message(message_id message) override;

  // sqlite_search.cpp
  result<page<search_hit>> search(user_id user, std::optional<room_id> room, const std::string& text,
                                  const page_request& range) override;

  // sqlite_files.cpp
  result<std::optional<stored_file>> file_for(user_id user, file_id file) override;
  result<own_files> files_of(user_id owner, const page_request& range) override;
  result<std::string> file_block(file_id file, std::uint32_t block) override;

  // sqlite_moderation.cpp
  result<room_standing> standing_in(room_id room, user_id user) override;
  result<page<room_ban>> bans(room_id room, std::optional<user_id> user, const page_request& range) override;
  result<page<room_mute>> mutes(room_id room, std::optional<user_id> user, timestamp now,
                                const page_request& range) override;
  result<page<report_item>> reports(bool open, user_id reader, const page_request& range) override;
  result<std::optional<report_item>> report(report_id report) override;
  result<std::optional<stored_file>> reported_file(file_id file) override;
  result<std::vector<message_removal>> idle_removals(timestamp idle_before, std::uint32_t limit) override;
  result<messages_to_remove> messages_of(room_id room, user_id user, sequence after, std::uint32_t limit) override;

 private:
  bool has_search_file();
  room_summary read_summary(const statement& row, user_id user);
  std::int64_t count_unread(user_id user, room_id room, sequence after);
  std::vector<reaction_summary> read_reactions(message_id message);

  sqlite_options options_;
  sqlite_connection connection_;
  std::unique_ptr<sqlite_connection> search_;  ///< Opened with the first search.
  std::uint64_t search_file_ = 0;              ///< Its inode.
};

inline std::unique_ptr<database_reader> make_sqlite_reader(const sqlite_options& options) {
  return std::make_unique<sqlite_reader>(options);
}

}  // namespace parley
