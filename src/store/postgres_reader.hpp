// A connection that only reads from PostgreSQL; its functions stand in three files, one for each port.
#pragma once

#include <chrono>
#include <memory>

#include "parley/database.hpp"
#include "parley/metrics.hpp"
#include "store/lasting_connection.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// Every function but search() is one round trip, and sees one state of the store.
class postgres_reader final : public database_reader {
 public:
  /// Connects with the first question.
  postgres_reader(const postgres_options& options, metrics& counts) : connection_(options, counts) {}

  /// Logs nothing: it is asked again and again, and whoever asks says what has changed.
  result<void> look() override {
    try {
      on_connection([](postgres_connection& connection) { connection.query("SELECT 1"); });
      return {};
    } catch (const postgres_error& fault) {
      return unavailable(fault.what());
    }
  }

  // postgres_reader_accounts.cpp
  result<std::optional<account_record>> account_by_name(const std::string& username) override;
  result<std::vector<std::string>> password_parameters() override;
  result<std::vector<std::optional<token_record>>> tokens(std::span<const token_hash> hashes) override;
  result<std::optional<own_profile>> user(user_id user) override;
  result<page<user_profile>> find_users(const std::string& query, const page_request& range) override;
  result<std::vector<presence_record>> presence(std::span<const user_id> users) override;
  result<page<friend_item>> friends(user_id user, std::optional<friend_status> status,
                                    const page_request& range) override;

  // postgres_people.cpp
  result<page<own_profile>> accounts(const account_filter& which, const page_request& range) override;
  result<std::vector<token_item>> tokens_of(user_id user) override;
  result<std::vector<std::string>> writes_under_way() override;
  result<page<audit_entry>> audit_trail(const page_request& range) override;

  // postgres_control_log.cpp
  result<std::vector<node_seen>> nodes() override;

  // postgres_presence.cpp
  result<std::vector<presence_place>> presence_places(user_id user) override;

  // postgres_reader_rooms.cpp
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

  // postgres_reader_log.cpp
  result<sequence> last_seq(room_id room) override;
  result<std::vector<std::pair<room_id, sequence>>> last_seqs(std::span<const room_id> rooms) override;
  result<std::vector<durable_event>> events_after(room_id room, sequence after, std::uint32_t limit) override;
  result<std::vector<history_item>> history(room_id room, std::optional<sequence> before, std::optional<sequence> after,
                                            std::uint32_t limit) override;
  result<std::optional<room_id>> room_of_message(message_id message) override;

  // postgres_search.cpp
  result<page<search_hit>> search(user_id user, std::optional<room_id> room, const std::string& text,
                                  const page_request& range) override;

  // postgres_files.cpp
  result<std::optional<stored_file>> file_for(user_id user, file_id file) override;
  result<own_files> files_of(user_id owner, const page_request& range) override;
  result<std::string> file_block(file_id file, std::uint32_t block) override;

  // postgres_moderation.cpp
  result<room_standing> standing_in(room_id room, user_id user) override;
  result<page<room_ban>> bans(room_id room, std::optional<user_id> user, const page_request& range) override;
  result<page<room_mute>> mutes(room_id room, std::optional<user_id> user, timestamp now,
                                const page_request& range) override;
  result<page<report_item>> reports(bool open_ones, user_id reader, const page_request& range) override;
  result<std::optional<report_item>> report(report_id report) override;
  result<std::optional<stored_file>> reported_file(file_id file) override;
  result<std::vector<message_removal>> idle_removals(timestamp idle_before, std::uint32_t limit) override;
  result<messages_to_remove> messages_of(room_id room, user_id user, sequence after, std::uint32_t limit) override;

 private:
  /// Runs the body with a connection; once more with a new one when the connection turns out to be lost, since reading
  /// twice harms nobody.
  template <class Body>
  std::invoke_result_t<Body, postgres_connection&> read(std::string_view what, Body&& body) {
    return guard_postgres(what, [&] { return on_connection(body); });
  }
  template <class Body>
  std::invoke_result_t<Body&, postgres_connection&> on_connection(Body&& body) {
    const bool was_open = connection_.is_open();
    try {
      return body(connection_.get());
    } catch (const postgres_error& fault) {
      connection_.drop_if_broken();
      if (!fault.is_connection_lost() || !was_open) throw;
    }
    try {
      return body(connection_.get());
    } catch (const postgres_error&) {
      connection_.drop_if_broken();
      throw;
    }
  }

  lasting_connection connection_;
};

}  // namespace parley
