// The store in memory: reads, record writes and the few append rules that sessions can see.
#include "memory_store.hpp"

#include <algorithm>
#include <utility>

#include "empty_database.hpp"
#include "parley/password_check.hpp"

namespace parley::testing {
namespace {

bool contains(const std::vector<user_id>& users, user_id user) {
  return std::find(users.begin(), users.end(), user) != users.end();
}

class memory_records final : public empty_records {
 public:
  explicit memory_records(memory_store& store) : store_(store) {}

  bool is_alone = false;  ///< The job that runs.

  result<own_profile> create_user(const new_user& user) override {
    for (const auto& [id, account] : store_.accounts) {
      if (account.user.profile.username == user.username) return make_error(error_code::conflict, "taken");
    }
    auto& made = store_.accounts[user.id];
    made.user.profile = {user.id, user.username, user.display_name, user.img_url, role::user};
    made.user.created_at = user.created_at;
    made.password_hash = user.password_hash;
    return made.user;
  }
  result<void> set_password_hash(user_id user, const std::string&, const std::string& hash) override {
    store_.accounts.at(user).password_hash = hash;
    return {};
  }
  result<changed_account> change_account(const account_change& change) override {
    auto& account = store_.accounts.at(change.user).user;
    changed_account changed{account, account, true, {}};
    if (change.wish.flag) account.flag = *change.wish.flag;
    changed.after = account;
    if (account.flag != account_flag::active) changed.ended = *delete_tokens_of(change.user);
    return changed;
  }
  result<void> renew_token(const token_renewal& used) override {
    renewed_.push_back(used.hash);
    if (store_.failing_renewals-- > 0) return not_found("no such token");
    store_.tokens.at(used.hash).second = used.expires_at;
    return {};
  }
  /// What the job renewed that ran last.
  std::vector<token_hash> take_renewed() { return std::exchange(renewed_, {}); }
  result<std::vector<token_hash>> create_token(const new_token_record& token) override {
    store_.tokens[token.hash] = {token.user, token.expires_at};
    return std::vector<token_hash>();
  }
  result<void> delete_token(const token_hash& hash) override {
    store_.tokens.erase(hash);
    return {};
  }
  result<std::vector<token_hash>> delete_tokens_of(user_id user) override {
    std::vector<token_hash> gone;
    std::erase_if(store_.tokens, [&](const auto& item) {
      if (item.second.first != user) return false;
      gone.push_back(item.first);
      return true;
    });
    return gone;
  }
  result<created_room> create_room(const new_room& room) override {
    auto members = room.others;
    members.insert(members.begin(), room.creator);
    for (const auto& member : members) {
      if (!store_.accounts.contains(member)) return not_found("no such user");
    }
    for (const auto& [id, other] : store_.rooms) {
      if (!room.is_group && !other.is_group &&
          std::is_permutation(members.begin(), members.end(), other.members.begin(), other.members.end())) {
        return created_room{id, false, members};
      }
    }
    auto& made = store_.rooms[room.id];
    made.name = room.name;
    made.is_group = room.is_group;
    made.created_by = room.creator;
    made.members = members;
    for (const auto& member : members) {
      made.events.push_back({room.id, made.end() + 1, member_joined{member, room.creator, join_reason::created}});
      made.markers[member] = made.end();
    }
    return created_room{room.id, true, members};
  }
  result<friendship_change> change_friendship(user_id, user_id, friend_action, timestamp) override {
    return not_found("not in this store");
  }
  result<void> begin_file(const new_file& file) override {
    store_.files[file.id] = "uploading";
    return {};
  }
  result<void> finish_file(const finished_file& file) override {
    store_.files.at(file.id) = "stored";
    return {};
  }
  result<bool> withdraw_file(user_id, file_id file, std::string_view, timestamp) override {
    const auto found = store_.files.find(file);
    if (found == store_.files.end() || found->second != "stored") return not_found("no such file");
    found->second = "going";
    return !store_.reported_files.contains(file);
  }
  result<std::vector<file_id>> take_unused_files(const unused_files&) override { return store_.unused_files; }
  result<void> delete_files(std::span<const file_id> files) override {
    for (const auto& file : files) {
      store_.files.erase(file);
      std::erase(store_.unused_files, file);
    }
    return {};
  }
  result<bool> note_removal(const message_removal& what, bool is_over, timestamp at) override {
    const auto found = store_.removals.find({what.room, what.user});
    if (found == store_.removals.end() || found->second.id != what.id || !found->second.done) return false;
    found->second.done = is_over ? std::nullopt : std::optional(what.done);
    found->second.seen_at = at;
    if (!is_alone) ++store_.removals_noted_in_company;
    return true;
  }
  result<std::vector<sequence>> save_read_markers(std::span<const read_marker> markers) override {
    std::vector<sequence> out;
    for (const auto& marker : markers) {
      auto& stands = store_.rooms[marker.room].markers[marker.user];
      out.push_back(stands = std::max(stands, marker.seq));
    }
    return out;
  }
  result<void> save_presence(std::span<const presence_record> users) override {
    for (const auto& user : users) {
      store_.presences[user.user] = user;
      store_.presence_saves.push_back(user);
    }
    return {};
  }
  result<bool> forget_node(const uuid& node, timestamp silent_since) override {
    if (store_.failing_burials > 0) {
      --store_.failing_burials;
      return unavailable("away");
    }
    store_.forgotten.emplace_back(node, silent_since);
    return true;
  }
  result<std::size_t> end_presence_of_nobody(timestamp, std::uint32_t limit) override {
    const auto ended = std::min<std::size_t>(store_.orphans, limit);
    store_.orphans -= ended;
    return ended;
  }
  result<std::size_t> end_presence_on_no_node(timestamp, std::uint32_t limit) override {
    const auto ended = std::min<std::size_t>(store_.flags_alone, limit);
    store_.flags_alone -= ended;
    return ended;
  }
  result<void> clear_presence() override {
    ++store_.presence_clears;
    for (auto& [user, presence] : store_.presences) presence.is_online = false;
    return {};
  }

 private:
  memory_store& store_;
  std::vector<token_hash> renewed_;
};

class memory_writer final : public database_writer {
 public:
  explicit memory_writer(memory_store& store) : store_(store) {}
  result<batch_result> commit(std::span<const append_command> commands, std::span<const write_job> jobs) override {
    if (!store_.commits_work) return unavailable("commits fail");
    batch_result results;
    store_.largest_batch = std::max(store_.largest_batch, commands.size());
    for (const auto& command : commands) results.appends.push_back(store_.append(command));
    memory_records records(store_);
    for (const auto& job : jobs) {
      records.is_alone = job.alone;
      results.jobs.push_back(job.run(records));
      if (auto renewed = records.take_renewed(); !renewed.empty())
        store_.renewals_of_jobs.push_back(std::move(renewed));
    }
    return results;
  }
  result<void> probe() override {
    if (!store_.commits_work) return unavailable("commits fail");
    return {};
  }
  [[nodiscard]] bool commits_jobs_apart() const override { return false; }
  void tidy() override {}

 private:
  memory_store& store_;
};

class memory_reader final : public empty_reader {
 public:
  explicit memory_reader(memory_store& store) : store_(store) {}

  result<std::optional<account_record>> account_by_name(const std::string& username) override {
    if (!store_.reads_work) return down();
    for (const auto& [id, account] : store_.accounts) {
      if (account.user.profile.username == username) return std::optional(account);
    }
    return std::optional<account_record>{};
  }
  result<std::vector<std::string>> password_parameters() override {
    if (!store_.reads_work) return down();
    std::vector<std::string> found;
    for (const auto& [id, account] : store_.accounts) found.push_back(parameters_of(account.password_hash));
    return found;
  }
  result<std::vector<std::optional<token_record>>> tokens(std::span<const token_hash> hashes) override {
    ++store_.token_reads;
    if (!store_.reads_work) return down();
    std::vector<std::optional<token_record>> out;
    for (const auto& hash : hashes) {
      const auto found = store_.tokens.find(hash);
      out.emplace_back();
      if (found == store_.tokens.end()) continue;
      const auto& [user, expires_at] = found->second;
      out.back() = token_record{store_.accounts.at(user).user, {}, {}, expires_at};
    }
    if (store_.during_token_read) store_.during_token_read();
    return out;
  }
  result<std::optional<own_profile>> user(user_id user) override {
    const auto found = store_.accounts.find(user);
    return found == store_.accounts.end() ? std::optional<own_profile>{} : std::optional(found->second.user);
  }
  result<page<own_profile>> accounts(const account_filter&, const page_request&) override {
    return meanwhile(page<own_profile>());
  }
  result<page<audit_entry>> audit_trail(const page_request&) override { return meanwhile(page<audit_entry>()); }
  result<std::vector<std::string>> writes_under_way() override {
    if (!store_.reads_work) return down();
    return store_.writes_under_way;
  }
  result<page<user_profile>> find_users(const std::string&, const page_request& range) override {
    page<user_profile> out;
    for (const auto& [id, account] : store_.accounts) {
      if (out.items.size() < range.limit) out.items.push_back(account.user.profile);
    }
    return out;
  }
  result<std::vector<presence_record>> presence(std::span<const user_id> users) override {
    if (!store_.reads_work) return down();
    std::vector<presence_record> out;
    for (const auto& user : users) {
      if (!store_.accounts.contains(user)) continue;
      const auto found = store_.presences.find(user);
      out.push_back(found == store_.presences.end() ? presence_record{user, false, {}} : found->second);
    }
    return out;
  }
  result<page<friend_item>> friends(user_id, std::optional<friend_status>, const page_request&) override {
    return not_found("not in this store");
  }

  result<std::vector<session_basis>> session_bases(std::span<const session_question> questions) override {
    ++store_.session_reads;
    if (!store_.reads_work) return down();
    std::vector<session_basis> out;
    for (const auto& [user, token, only_room] : questions) {
      auto& basis = out.emplace_back();
      if (const auto known = store_.accounts.find(user); known != store_.accounts.end()) {
        basis.flag = known->second.user.flag;
      }
      if (const auto known = store_.tokens.find(token); known != store_.tokens.end() && known->second.first == user) {
        basis.token_expires_at = known->second.second;
      }
      for (const auto& [id, room] : store_.rooms) {
        if (only_room && id != *only_room) continue;
        if (const auto seen = store_.summary(user, id)) basis.rooms.push_back(*seen);
      }
      basis.friends = store_.friends[user];
    }
    return out;
  }
  result<std::optional<room_summary>> room_of(user_id user, room_id room) override {
    if (!store_.reads_work) return down();
    return store_.summary(user, room);
  }
  result<page<room_summary>> rooms_page(user_id user, const page_request& range) override {
    if (!store_.reads_work) return down();
    page<room_summary> out;
    for (const auto& [id, room] : store_.rooms) {
      if (range.cursor && to_string(id) <= *range.cursor) continue;
      const auto seen = store_.summary(user, id);
      if (!seen) continue;
      if (out.items.size() == range.limit) {
        out.next_cursor = to_string(out.items.back().id);
        break;
      }
      out.items.push_back(*seen);
    }
    return out;
  }
  result<bool> is_member(user_id user, room_id room) override {
    if (!store_.reads_work) return down();
    return store_.summary(user, room).has_value();
  }
  result<std::vector<read_position>> read_positions(user_id user) override {
    if (!store_.reads_work) return down();
    std::vector<read_position> out;
    for (const auto& [id, room] : store_.rooms) {
      if (const auto seen = store_.summary(user, id)) out.push_back({id, seen->last_read_seq});
    }
    return out;
  }
  result<std::optional<room_snapshot>> snapshot(room_id room) override {
    if (!store_.reads_work) return down();
    const auto found = store_.rooms.find(room);
    if (found == store_.rooms.end()) return std::optional<room_snapshot>{};
    const auto& known = found->second;
    return std::optional(room_snapshot{room, known.name, known.is_group, known.created_by, known.end(), known.members});
  }
  result<std::optional<room_id>> group_by_name(const std::string& name) override {
    for (const auto& [id, room] : store_.rooms) {
      if (room.name == name) return std::optional(id);
    }
    return std::optional<room_id>{};
  }
  result<page<room_member>> members(room_id room, const page_request&) override {
    page<room_member> out;
    for (const auto& member : store_.rooms.at(room).members) {
      out.items.push_back({store_.accounts.at(member).user.profile, {}});
    }
    return out;
  }
  result<std::int64_t> unread(user_id user, room_id room, sequence) override {
    return store_.summary(user, room)->unread;
  }

  result<sequence> last_seq(room_id room) override {
    if (!store_.reads_work) return down();
    return store_.rooms[room].end();
  }
  result<std::vector<std::pair<room_id, sequence>>> last_seqs(std::span<const room_id> rooms) override {
    if (!store_.reads_work) return down();
    std::vector<std::pair<room_id, sequence>> ends;
    for (const auto& room : rooms) {
      if (const auto known = store_.rooms.find(room); known != store_.rooms.end()) {
        ends.emplace_back(room, known->second.end());
      }
    }
    return ends;
  }
  result<std::vector<durable_event>> events_after(room_id room, sequence after, std::uint32_t limit) override {
    if (!store_.reads_work) return down();
    std::vector<durable_event> out;
    for (const auto& event : store_.rooms[room].events) {
      if (event.seq > after && out.size() < limit) out.push_back(event);
    }
    return out;
  }
  result<std::vector<history_item>> history(room_id room, std::optional<sequence> before, std::optional<sequence> after,
                                            std::uint32_t limit) override {
    std::vector<history_item> out;
    for (const auto& event : store_.rooms[room].events) {
      const auto* posted = std::get_if<message_posted>(&event.body);
      if (posted == nullptr || (before && event.seq >= *before) || (after && event.seq <= *after)) continue;
      out.push_back({room, event.seq, *posted, {}, {}, {}});
    }
    if (!after) std::reverse(out.begin(), out.end());
    if (out.size() > limit) out.resize(limit);
    return out;
  }
  result<std::vector<message_removal>> idle_removals(timestamp idle_before, std::uint32_t) override {
    std::vector<message_removal> out;
    for (const auto& [who, removal] : store_.removals) {
      const auto by = store_.rooms.at(who.first).created_by;
      if (!removal.done || removal.seen_at >= idle_before) continue;
      out.push_back({removal.id, who.first, who.second, by, *removal.done});
    }
    return out;
  }
  result<messages_to_remove> messages_of(room_id room, user_id user, sequence after, std::uint32_t limit) override {
    if (!store_.reads_work) return down();
    messages_to_remove out{{}, after, true};
    for (const auto& event : store_.rooms.at(room).events) {
      const auto* posted = std::get_if<message_posted>(&event.body);
      if (posted == nullptr || event.seq <= after) continue;
      if (limit-- == 0) {
        out.at_end = false;
        break;
      }
      out.up_to = event.seq;
      if (posted->sender == user && !store_.deleted.contains(posted->message)) out.messages.push_back(posted->message);
    }
    return out;
  }
  result<std::optional<room_id>> room_of_message(message_id message) override {
    if (!store_.reads_work) return down();
    for (const auto& [id, room] : store_.rooms) {
      for (const auto& event : room.events) {
        const auto* posted = std::get_if<message_posted>(&event.body);
        if (posted != nullptr && posted->message == message) return std::optional(id);
      }
    }
    return std::optional<room_id>{};
  }

 private:
  template <class T>
  T meanwhile(T read) {
    if (store_.during_staff_read) store_.during_staff_read();
    return read;
  }
  static error down() { return unavailable("reads fail"); }
  memory_store& store_;
};

}  // namespace

account_record& memory_store::add_user(user_id id, const std::string& name) {
  auto& made = accounts[id];
  made.user.profile = {id, name, name, {}, role::user};
  return made;
}

memory_store::room_record& memory_store::add_room(room_id id, std::vector<user_id> members) {
  auto& made = rooms[id];
  made.name = "room";
  made.created_by = members.front();
  made.members = std::move(members);
  return made;
}

void memory_store::say(room_id room, user_id sender, const std::string& content, message_id message) {
  auto& log = rooms[room];
  message_posted body;
  body.message = message;
  body.sender = sender;
  body.content = content;
  log.events.push_back({room, log.end() + 1, body});
}

result<std::unique_ptr<database_writer>> memory_store::open_writer() {
  return std::unique_ptr<database_writer>(std::make_unique<memory_writer>(*this));
}

result<std::unique_ptr<database_reader>> memory_store::open_reader() {
  return std::unique_ptr<database_reader>(std::make_unique<memory_reader>(*this));
}

std::optional<room_summary> memory_store::summary(user_id user, room_id room) const {
  const auto found = rooms.find(room);
  if (found == rooms.end() || !contains(found->second.members, user)) return std::nullopt;
  const auto& known = found->second;
  room_summary out;
  out.id = room;
  out.name = known.name;
  out.is_group = known.is_group;
  out.last_seq = known.end();
  if (const auto marker = known.markers.find(user); marker != known.markers.end()) out.last_read_seq = marker->second;
  return out;
}

result<stored> memory_store::append(const append_command& command) {
  auto& room = rooms[command.room];
  if (!contains(room.members, command.actor)) return not_found("no member");
  stored outcome;
  const auto store = [&](event_body body) {
    room.events.push_back({command.room, room.end() + 1, std::move(body)});
    outcome.events.push_back(room.events.back());
  };
  if (const auto* send = std::get_if<send_message>(&command.command)) {
    store(message_posted{message_id(command.new_id), command.actor, "name", send->content, send->file_url,
                         send->reply_to, send->client_msg_id, command.at});
  } else if (const auto* edit = std::get_if<edit_message>(&command.command)) {
    store(message_edited{edit->message, command.actor, edit->content, command.at});
  } else if (const auto* gone = std::get_if<delete_message>(&command.command)) {
    deleted.insert(gone->message);
    store(message_deleted{gone->message, command.actor, command.at});
  } else if (const auto* invite = std::get_if<invite_members>(&command.command)) {
    for (const auto& user : invite->users) {
      if (contains(room.members, user)) continue;
      room.members.push_back(user);
      store(member_joined{user, command.actor, join_reason::invited});
      room.markers[user] = room.end();
    }
  } else if (const auto* remove = std::get_if<remove_member>(&command.command)) {
    std::erase(room.members, remove->user);
    store(member_left{remove->user, command.actor,
                      remove->user == command.actor ? leave_reason::left : leave_reason::removed});
  } else {
    return bad_request("not in this store");
  }
  return outcome;
}

}  // namespace parley::testing
