// Tables as maps: facts for the plan, its writes, and what a crash takes away.
#include "simulation/simulated_store.hpp"

#include <algorithm>

#include "actors/empty_database.hpp"

namespace parley::simulation {
namespace {

error does_not_answer() { return unavailable("The store does not answer."); }

/// What jobs write.
class simulated_records final : public testing::empty_records {
 public:
  simulated_records(presence_tables& tables, const uuid* node) : tables_(tables), node_(node) {}

  result<void> save_presence(std::span<const presence_record> users) override {
    for (const auto& user : users) tables_.save(user, node_);
    return {};
  }
  result<bool> forget_node(const uuid& node, timestamp silent_since) override {
    return tables_.forget_node(node, silent_since);
  }
  result<std::size_t> end_presence_of_nobody(timestamp last_seen, std::uint32_t limit) override {
    return tables_.end_presence_of_nobody(last_seen, limit);
  }

 private:
  presence_tables& tables_;
  const uuid* node_;
};

}  // namespace

void simulated_store::add_user(user_id user, const std::string& name) {
  names_[user] = name;
  presence.add_user(user);
}

void simulated_store::add_room(room_id room, const std::vector<user_id>& members) {
  auto& made = rooms_[room];
  made.creator = members.front();
  made.members = members;
  for (const auto& member : members) {
    const auto seq = static_cast<sequence>(made.log.size()) + 1;
    made.log.push_back({room, seq, member_joined{member, made.creator, join_reason::created}});
  }
  first_rooms_[room] = made;
}

result<database_writer::batch_result> simulated_store::commit(std::span<const append_command> commands,
                                                              std::span<const write_job> jobs, const uuid* node) {
  if (!is_up) return does_not_answer();
  const auto fate = next_fate();
  if (fate == commit_fate::refused) return does_not_answer();
  while_waiting_for_locks();
  if (!is_up) return does_not_answer();

  std::map<room_id, bool> busy;
  auto next = std::make_unique<transaction>();
  for (const auto& command : commands) {
    if (!busy.contains(command.room)) busy[command.room] = keeps_jobs_apart && is_busy(command.room);
    if (!busy[command.room]) next->commands.push_back(command);
  }
  append_facts facts;
  read_facts(facts, next->commands);
  append_plan plan(facts, limits_);
  database_writer::batch_result told;
  auto free = next->commands.begin();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (busy[commands[i].room]) told.busy.push_back(i);
    told.appends.push_back(busy[commands[i].room] ? append_outcome(unavailable("The room is busy."))
                                                  : plan.take(*free++));
  }
  std::optional<presence_tables> before;
  if (!jobs.empty()) before = presence;
  simulated_records records(presence, node);
  for (const auto& job : jobs) told.jobs.push_back(job.run(records));
  next->writes = plan.writes();
  apply(*next);
  transactions_.push_back(std::move(next));
  ++commits;

  if (fate == commit_fate::crash_unsynced) {
    lose_what_is_not_synced();
    if (before) presence = *before;
    return does_not_answer();
  }
  synced_ = transactions_.size();
  for (const auto& user : presence.take_declared_off()) on_declared_off(user);
  if (fate == commit_fate::answer_lost) return does_not_answer();
  return told;
}

void simulated_store::read_facts(append_facts& facts, std::span<const append_command> commands) const {
  append_needs needs;
  needs.collect(commands);
  for (const auto& id : needs.rooms) {
    const auto room = rooms_.find(id);
    if (room == rooms_.end()) continue;
    auto& fact = facts.rooms[id];
    fact.created_by = room->second.creator;
    fact.last_seq = last_seq(id);
    fact.members = static_cast<std::int64_t>(room->second.members.size());
  }
  for (const auto& user : needs.accounts) facts.accounts[user].display_name = names_.at(user);
  for (const auto& who : needs.memberships) {
    if (is_member(who.room, who.user)) facts.members.insert(who);
  }
  for (const auto& id : needs.messages) {
    const auto found = messages_.find(id);
    if (found != messages_.end()) facts.messages[id] = {found->second.room, found->second.sender, {}};
  }
  for (const auto* send : needs.sends) {
    const auto& key = std::get<send_message>(send->command).client_msg_id;
    auto stored = messages_.end();
    if (!key) {
      stored = messages_.find(message_id(send->new_id));
    } else if (const auto found = keys_.find({{send->room, send->actor}, *key}); found != keys_.end()) {
      stored = messages_.find(found->second);
    }
    if (stored == messages_.end()) continue;
    const auto& log = rooms_.at(stored->second.room).log;
    const auto event =
        std::find_if(log.begin(), log.end(), [&](const durable_event& each) { return each.seq == stored->second.seq; });
    facts.stored_sends.insert_or_assign(send->new_id, *event);
  }
}

void simulated_store::apply(const transaction& done) {
  for (const auto& each : done.writes) {
    std::visit(
        [this](const auto& what) {
          if constexpr (requires { write(what); }) write(what);
        },
        each);
  }
}

/// A seq that stands already is written all the same, so that the checker sees what an index would have refused.
void simulated_store::write(const insert_message& what) {
  const auto& command = *what.command;
  const auto& sent = std::get<send_message>(command.command);
  const message_id id(command.new_id);
  rooms_.at(command.room)
      .log.push_back({command.room, what.seq,
                      message_posted{id, command.actor, names_.at(command.actor), sent.content, sent.file_url,
                                     sent.reply_to, sent.client_msg_id, command.at}});
  messages_[id] = {command.room, command.actor, what.seq};
  if (sent.client_msg_id) keys_[{{command.room, command.actor}, *sent.client_msg_id}] = id;
}

void simulated_store::write(const insert_membership& what) {
  rooms_.at(what.who.room).members.push_back(what.who.user);
}

void simulated_store::write(const delete_membership& what) {
  std::erase(rooms_.at(what.who.room).members, what.who.user);
}

void simulated_store::write(const log_row& what) {
  auto& log = rooms_.at(what.room).log;
  if (what.type == log_row::kind::member_invited) {
    log.push_back({what.room, what.seq, member_joined{*what.user, what.by, join_reason::invited}});
  } else if (what.type == log_row::kind::member_left || what.type == log_row::kind::member_removed) {
    const auto reason = what.type == log_row::kind::member_left ? leave_reason::left : leave_reason::removed;
    log.push_back({what.room, what.seq, member_left{*what.user, what.by, reason}});
  }
}

/// The tables as the disk has them: all that was synced, once more from the beginning.
void simulated_store::lose_what_is_not_synced() {
  transactions_.resize(synced_);
  rooms_ = first_rooms_;
  messages_.clear();
  keys_.clear();
  for (const auto& each : transactions_) apply(*each);
}

sequence simulated_store::last_seq(room_id room) const {
  sequence last = 0;
  for (const auto& event : rooms_.at(room).log) last = std::max(last, event.seq);
  return last;
}

std::optional<room_snapshot> simulated_store::snapshot(room_id room) const {
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return std::nullopt;
  const auto& known = found->second;
  return room_snapshot{room, "room", true, known.creator, last_seq(room), known.members};
}

bool simulated_store::is_member(room_id room, user_id user) const {
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return false;
  const auto& members = found->second.members;
  return std::find(members.begin(), members.end(), user) != members.end();
}

}  // namespace parley::simulation
