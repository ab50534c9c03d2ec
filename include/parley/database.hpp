// The store's ports: one writer per storage actor, readers beside it. All functions block; src/store has no threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "parley/account_values.hpp"
#include "parley/audit.hpp"
#include "parley/commands.hpp"
#include "parley/control_log.hpp"
#include "parley/credentials.hpp"
#include "parley/error.hpp"
#include "parley/events.hpp"
#include "parley/files.hpp"
#include "parley/moderation.hpp"
#include "parley/search.hpp"
#include "parley/values.hpp"

namespace parley {

// --- Appending to rooms' logs ---

/// One durable command on its way into the log. All ids are made before the first try, so that an in-doubt commit can
/// be settled by looking for them.
struct append_command {
  room_id room;
  user_id actor;
  timestamp at{};
  uuid new_id;                       ///< The message, reaction or event id.
  std::vector<uuid> membership_ids;  ///< invite_members: one for each user asked.
  durable_command command;
};

/// What became of one command: the events it stored (an invite may store several), or the first one's event again.
struct stored {
  std::vector<durable_event> events;
  bool duplicate = false;  ///< `events` holds the event stored before; no new seq was taken.
};
using append_outcome = result<stored>;

// --- Other writes, each a job inside the same group commit ---

struct new_user {
  user_id id;
  std::string username;
  std::string password_hash;
  std::string display_name;
  std::optional<std::string> email, phone, img_url;
  timestamp created_at{};
  role user_role = role::user;
};
struct new_token_record {
  token_hash hash;
  user_id user;
  timestamp created_at{};
  timestamp expires_at{};
  std::optional<std::string> user_agent;
  std::optional<std::string> password_hash;  ///< That was checked, and must still be the user's; null: any.
};
/// A token was used: its end moves on.
struct token_renewal {
  token_hash hash;
  timestamp used_at{};
  timestamp expires_at{};
};
struct password_change {
  user_id user;
  std::optional<std::string> old_hash;  ///< As it was when the current password was checked; null: any.
  std::string new_hash;
  std::optional<token_hash> keep;  ///< The one token that goes on.
  audit_record audit;
};
/// By staff, or by the operator of the machine, who may do everything.
struct account_change {
  std::optional<user_id> by;
  user_id user;
  account_wish wish;
  timestamp at{};
  uuid flag_audit, role_audit;  ///< Ids of the audit rows.
};
struct changed_account {
  own_profile before, after;
  bool shows_contacts = true;
  std::vector<token_hash> ended;  ///< Tokens that stopped with it.
};
struct new_room {
  room_id id;
  std::optional<std::string> name;
  bool is_group = true;
  user_id creator;
  std::vector<user_id> others;
  std::vector<uuid> membership_ids;  ///< The creator's first, then one for each of `others`.
  timestamp created_at{};
};
struct created_room {
  room_id id;
  bool created = true;  ///< False: the pair's private room existed.
  std::vector<user_id> members;
};
struct read_marker {
  room_id room;
  user_id user;
  sequence seq = 0;
};

struct friendship_change {
  friendship before, after;         ///< As the one who acts has them; the same when nothing changed.
  std::optional<friend_item> item;  ///< As the one who acts now sees the other; null for `none`.
};

/// Writes within the batch's transaction; a job that returns an error is rolled back alone.
class record_writer : public file_records, public moderation_records {
 public:
  virtual result<own_profile> create_user(const new_user& user) = 0;  ///< `conflict` when the name is taken.
  /// The same password, hashed anew; `unauthenticated` when the old hash is not the user's any more.
  virtual result<void> set_password_hash(user_id user, const std::string& old_hash, const std::string& hash) = 0;
  /// Null when there is no such user, or the old hash is not the user's any more.
  virtual result<std::optional<std::vector<token_hash>>> change_password(const password_change& change) = 0;
  virtual result<own_profile> change_profile(user_id user, const profile_change& change) = 0;
  /// `forbidden` by check_account_wish, `not_found` for an unknown user, `conflict` when no active admin would be left.
  virtual result<changed_account> change_account(const account_change& change) = 0;
  /// `unauthenticated` when the user is not active, or the password has been changed since. The tokens that ended for
  /// it: one too many (limits.tokens_per_user), and those whose time was over.
  virtual result<std::vector<token_hash>> create_token(const new_token_record& token) = 0;
  virtual result<void> renew_token(const token_renewal& used) = 0;
  virtual result<void> delete_token(const token_hash& hash) = 0;
  virtual result<std::vector<token_hash>> delete_tokens_of(user_id user) = 0;
  virtual result<created_room> create_room(const new_room& room) = 0;  ///< `not_found` for an unknown member.
  /// See act(). `not_found` for an unknown user, and for asking one who is not active; `conflict` for too many.
  virtual result<friendship_change> change_friendship(user_id who, user_id other, friend_action what, timestamp at) = 0;
  /// Each only moves forward. Where each stands then, in their order: further where another node has moved it.
  virtual result<std::vector<sequence>> save_read_markers(std::span<const read_marker> markers) = 0;
  virtual result<void> record_audit(const audit_record& what) = 0;
  /// As they are on this node. Where there are others the flag says whether somebody is on anywhere, and a change of it
  /// goes into the control log.
  virtual result<void> save_presence(std::span<const presence_record> users) = 0;
  virtual result<void> clear_presence() = 0;  ///< Embedded start: nobody is online; last_seen stays.
  /// True: the node has not said a word since then, and is known to nobody any more.
  virtual result<bool> forget_node(const uuid& node, timestamp silent_since) = 0;
  /// Whoever is on only on nodes that nobody knows is off; at most so many of them, how many it were. A job of its own.
  virtual result<std::size_t> end_presence_of_nobody(timestamp last_seen, std::uint32_t limit) = 0;
  /// Likewise whoever counts as on though he is so on no node: left by a time without other nodes. Looks at all who
  /// are.
  virtual result<std::size_t> end_presence_on_no_node(timestamp last_seen, std::uint32_t limit) = 0;
  /// Goes into the control log if the transaction is committed and the job does not fail. Where there are no other
  /// nodes it goes nowhere. Who joins or leaves a room need not be told so: the store does it with the event.
  virtual void tell_nodes(control_event what) = 0;
};

/// What a job does within a transaction, and how it locks.
struct write_job {
  std::function<result<void>(record_writer&)> run;
  /// A job locks rows of one thing at most: its key, by which a batch is put in order (a user's id, a room's). So of
  /// two batches on two connections neither waits for the other's locks while it holds what the other waits for.
  uuid key{};
  /// It locks more than that: a transaction of its own, where the store has several writers.
  bool alone = false;
  /// All it does is to save this. Those that wait go together, as one job, whoever they are about.
  std::optional<presence_record> presence;

  template <class Run>
  requires std::is_invocable_r_v<result<void>, Run&, record_writer&> write_job(Run work)
      : run(std::move(work)) {}  // NOLINT(google-explicit-constructor): any function is a job
};
/// See write_job::alone.
template <class Run>
write_job alone(Run work) {
  write_job job(std::move(work));
  job.alone = true;
  return job;
}

/// See write_job::presence.
inline write_job saving(const presence_record& presence) {
  write_job job([presence](record_writer& writer) { return writer.save_presence({&presence, 1}); });
  job.presence = presence;
  return job;
}

/// One connection that writes; belongs to one storage actor and its thread.
class database_writer {
 public:
  virtual ~database_writer() = default;
  struct batch_result {
    std::vector<append_outcome> appends;  ///< One for each command, in order.
    std::vector<result<void>> jobs;       ///< One for each job, in order.
    /// Places of commands whose rooms somebody else has locked: their outcome is `unavailable`, and certainly nothing
    /// of them is stored, so that they may be committed again a little later.
    std::vector<std::size_t> busy;
  };
  /// One transaction, one fsync; or two, see commits_jobs_apart(). An error (always `unavailable`) means that nothing
  /// may be taken as stored or as not stored; the caller reads the log to learn which.
  virtual result<batch_result> commit(std::span<const append_command> commands, std::span<const write_job> jobs) = 0;
  /// Proves that a commit works again after a failure (writes and syncs something harmless).
  virtual result<void> probe() = 0;
  /// Whether the store still answers and takes commits; asked while there is nothing to commit, so it writes nothing.
  /// One that cannot go away by itself has nothing to look at.
  virtual result<void> look() { return {}; }
  /// True: a batch's commands and its jobs are transactions of their own, so that whoever has one kind should not make
  /// it wait for the other.
  [[nodiscard]] virtual bool commits_jobs_apart() const = 0;
  /// Truncates what the store keeps beside its tables, when idle (SQLite: the write-ahead log).
  virtual void tidy() = 0;
};

// --- Reading ---

struct account_record {
  own_profile user;
  std::string password_hash;
};
struct token_record {
  own_profile user;
  timestamp created_at{};
  timestamp last_used_at{};
  timestamp expires_at{};
};
/// All that a room actor must know to begin.
struct room_snapshot {
  room_id id;
  std::optional<std::string> name;
  bool is_group = true;
  user_id created_by;
  sequence last_seq = 0;
  std::vector<user_id> members;
};

/// Of a room, for a list.
struct room_heading {
  room_id id;
  std::optional<std::string> name;
  bool is_group = true;
  sequence last_seq = 0;
};

/// Where a member's read marker of one room stands.
struct read_position {
  room_id room;
  sequence last_read_seq = 0;
};

class account_queries {
 public:
  virtual ~account_queries() = default;
  virtual result<std::optional<account_record>> account_by_name(const std::string& username) = 0;
  /// The parameters that stored password hashes have (see parameters_of), a few at most. Reads all users: for the
  /// start.
  virtual result<std::vector<std::string>> password_parameters() = 0;
  /// One look for all, since a whole cluster's clients may come back at once; in the order of the hashes.
  virtual result<std::vector<std::optional<token_record>>> tokens(std::span<const token_hash> hashes) = 0;
  result<std::optional<token_record>> token(const token_hash& hash) {
    auto found = tokens({&hash, 1});
    if (!found) return found.error();
    return std::move(found->front());
  }
  virtual result<std::optional<own_profile>> user(user_id user) = 0;
  virtual result<page<user_profile>> find_users(const std::string& query, const page_request& range) = 0;
  /// In order of username, which is the cursor; a page may hold fewer than asked for and still have a next.
  virtual result<page<own_profile>> accounts(const account_filter& which, const page_request& range) = 0;
  virtual result<std::vector<token_item>> tokens_of(user_id user) = 0;  ///< The newest first; expired ones too.
  /// The newest first; the cursor is an audit id.
  virtual result<page<audit_entry>> audit_trail(const page_request& range) = 0;
  /// Names of the transactions that write at the moment, on any node, and may have been decided by what has been
  /// changed since. None where there is one writer: what was committed behind them is behind them.
  virtual result<std::vector<std::string>> writes_under_way() = 0;
  virtual result<std::vector<presence_record>> presence(
      std::span<const user_id> users) = 0;  ///< Unknown users are left out.
  /// As that user sees them, in order of user_id, which is the cursor; null status: all.
  virtual result<page<friend_item>> friends(user_id user, std::optional<friend_status> status,
                                            const page_request& range) = 0;
};

class node_queries {
 public:
  virtual ~node_queries() = default;
  /// That have said so and not taken leave, in order of their names; none without PostgreSQL.
  virtual result<std::vector<node_seen>> nodes() = 0;
  /// None for whoever is off, and without PostgreSQL.
  virtual result<std::vector<presence_place>> presence_places(user_id user) = 0;
};

class room_queries {
 public:
  virtual ~room_queries() = default;
  /// A user's rooms in order of room id, which is the cursor; unread is counted for the page alone.
  virtual result<page<room_summary>> rooms_page(user_id user, const page_request& range) = 0;
  virtual result<std::optional<room_summary>> room_of(user_id user, room_id room) = 0;  ///< Null when not a member.
  /// One look-up, for whoever only asks for permission.
  virtual result<bool> is_member(user_id user, room_id room) = 0;
  /// Of all the user's rooms, in order of room id; nothing is counted.
  virtual result<std::vector<read_position>> read_positions(user_id user) = 0;
  virtual result<std::optional<room_snapshot>> snapshot(room_id room) = 0;
  /// Of many rooms what their members, however many, add nothing to; in any order, unknown rooms are left out.
  virtual result<std::vector<room_heading>> headings(std::span<const room_id> rooms) = 0;
  virtual result<std::optional<room_id>> group_by_name(const std::string& name) = 0;  ///< The oldest; development mode.
  virtual result<page<room_member>> members(room_id room, const page_request& range) = 0;
  virtual result<std::int64_t> unread(user_id user, room_id room, sequence after) = 0;  ///< Up to 1,000.
};

/// Who begins a session, by which token, and in which room if in one alone.
struct session_question {
  user_id user;
  token_hash token;
  std::optional<room_id> only_room{};
};
/// All that a session must know to begin.
struct session_basis {
  std::optional<account_flag> flag;           ///< The user's; null when there is no such user.
  std::optional<timestamp> token_expires_at;  ///< Null when the user has no such token.
  std::vector<room_summary> rooms;  ///< The user's, in order of room id; of `only_room` that one, if a member.
  std::vector<user_id> friends;     ///< Those who have accepted, or were; in any order.
};

class session_queries {
 public:
  virtual ~session_queries() = default;
  /// One look for all, since a whole cluster's clients may come back at once; in the order of the questions.
  virtual result<std::vector<session_basis>> session_bases(std::span<const session_question> questions) = 0;
};

class log_queries {
 public:
  virtual ~log_queries() = default;
  virtual result<sequence> last_seq(room_id room) = 0;
  /// In any order; unknown rooms are left out.
  virtual result<std::vector<std::pair<room_id, sequence>>> last_seqs(std::span<const room_id> rooms) = 0;
  /// In order, from after + 1, messages as they now stand.
  virtual result<std::vector<durable_event>> events_after(room_id room, sequence after, std::uint32_t limit) = 0;
  /// Newest first with `before` (or neither), oldest first with `after`.
  virtual result<std::vector<history_item>> history(room_id room, std::optional<sequence> before,
                                                    std::optional<sequence> after, std::uint32_t limit) = 0;
  virtual result<std::optional<room_id>> room_of_message(message_id message) = 0;
  /// The newest first, of the rooms that the user is in now, or of one of them; messages as they now stand. A page may
  /// hold fewer than asked for and still have a next.
  virtual result<page<search_hit>> search(user_id user, std::optional<room_id> room, const std::string& text,
                                          const page_request& range) = 0;
};

/// One connection that only reads; belongs to one reading actor and its thread. Sees every commit that was reported
/// before.
class database_reader : public account_queries,
                        public node_queries,
                        public room_queries,
                        public session_queries,
                        public log_queries,
                        public file_queries,
                        public moderation_queries {
 public:
  /// Whether the store still answers. One that cannot go away by itself has nothing to look at.
  virtual result<void> look() { return {}; }
};

using read_job = std::function<void(database_reader&)>;

/// Where connections come from. `open_…` is called on the thread that will use the connection.
class database {
 public:
  virtual ~database() = default;
  /// `is_over` is asked now and then while another node's migration must be waited for; true ends the wait.
  virtual result<void> migrate(const std::function<bool()>& is_over = {}) = 0;
  /// The names of the migrations that migrate() would apply; changes nothing.
  virtual result<std::vector<std::string>> pending_migrations() = 0;
  virtual result<std::unique_ptr<database_writer>> open_writer() = 0;
  virtual result<std::unique_ptr<database_reader>> open_reader() = 0;
  /// One at a time in a process.
  virtual result<std::unique_ptr<search_index>> open_search_index() = 0;
  /// SQLite has one writer whatever store.workers says.
  [[nodiscard]] virtual std::uint32_t max_writers() const = 0;
};

}  // namespace parley
