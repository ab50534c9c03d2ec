// The store in memory: append rules, marker jobs, and the reads that rooms ask for.
#include "fake_database.hpp"

#include <algorithm>
#include <stdexcept>

#include "empty_database.hpp"

namespace parley::testing {

namespace {

class fake_records final : public empty_records {
 public:
  explicit fake_records(fake_database& store) : store_(store) {}
  result<std::vector<sequence>> save_read_markers(std::span<const read_marker> markers) override {
    ++store_.marker_saves;
    std::vector<sequence> out;
    for (const auto& marker : markers) {
      auto& stands = store_.rooms[marker.room].markers[marker.user];
      out.push_back(stands = std::max(stands, marker.seq));
    }
    return out;
  }
  result<void> save_presence(std::span<const presence_record> users) override {
    for (const auto& each : users) {
      if (each.user == store_.refused_presence) return make_error(error_code::conflict, "not this one");
    }
    store_.saved_presences.push_back(users.size());
    return {};
  }

 private:
  fake_database& store_;
};

class fake_writer final : public database_writer {
 public:
  explicit fake_writer(fake_database& store) : store_(store), number_(store.writers_opened) {}

  result<batch_result> commit(std::span<const append_command> commands, std::span<const write_job> jobs) override {
    if (store_.throwing_commits > 0) {
      --store_.throwing_commits;
      throw std::runtime_error("commit threw");
    }
    if (store_.failing_commits > 0) {
      --store_.failing_commits;
      return unavailable("commit failed");
    }
    batch_result results;
    for (const auto& command : commands) {
      const bool is_busy = store_.busy_rooms.contains(command.room);
      if (is_busy) results.busy.push_back(results.appends.size());
      results.appends.push_back(is_busy ? append_outcome(unavailable("busy")) : store_.append(command));
    }
    fake_records records(store_);
    for (const auto& job : jobs) results.jobs.push_back(job.run(records));
    store_.commits.push_back({commands.size(), jobs.size(), number_, {}});
    for (const auto& command : commands) store_.commits.back().rooms.insert(command.room);
    if (store_.unclear_commits > 0) {
      --store_.unclear_commits;
      return unavailable("commit was not answered");
    }
    return results;
  }
  result<void> probe() override {
    if (!store_.probe_works) return unavailable("still failing");
    return {};
  }
  result<void> look() override {
    ++store_.looks;
    if (!store_.looks_work) return unavailable("gone");
    return {};
  }
  [[nodiscard]] bool commits_jobs_apart() const override { return store_.commits_jobs_apart; }
  void tidy() override { ++store_.tidied; }

 private:
  fake_database& store_;
  const int number_;
};

class fake_reader final : public empty_reader {
 public:
  explicit fake_reader(fake_database& store) : store_(store), number_(store.readers_opened) {}

  result<void> look() override {
    if (is_lost()) return unavailable("no connection");
    return {};
  }
  result<std::optional<room_summary>> room_of(user_id user, room_id room) override {
    if (!store_.reads_work) return unavailable("reads fail");
    const auto found = store_.rooms.find(room);
    if (found == store_.rooms.end() || !found->second.has(user)) return std::optional<room_summary>{};
    room_summary summary;
    summary.id = room;
    summary.last_read_seq = found->second.markers[user];
    return std::optional<room_summary>{summary};
  }
  /// Each has himself for a friend.
  result<std::vector<session_basis>> session_bases(std::span<const session_question> questions) override {
    store_.session_reads.push_back(questions.size());
    if (!store_.reads_work) return unavailable("reads fail");
    std::vector<session_basis> found;
    for (const auto& question : questions) {
      if (question.user == store_.unreadable_user) return unavailable("it takes too long");
      found.push_back({account_flag::active, timestamp{}, {}, {question.user}});
    }
    return found;
  }
  result<bool> is_member(user_id user, room_id room) override {
    if (!store_.reads_work || is_lost()) return unavailable("reads fail");
    const auto found = store_.rooms.find(room);
    if (found == store_.rooms.end()) return false;
    return found->second.has(user);
  }
  result<std::optional<room_snapshot>> snapshot(room_id room) override {
    if (!store_.reads_work) return unavailable("reads fail");
    const auto found = store_.rooms.find(room);
    if (found == store_.rooms.end()) return std::optional<room_snapshot>{};
    room_snapshot snapshot;
    snapshot.id = room;
    snapshot.name = "room";
    snapshot.last_seq = found->second.end();
    snapshot.members = found->second.members;
    return std::optional<room_snapshot>{snapshot};
  }
  result<std::vector<room_heading>> headings(std::span<const room_id> asked) override {
    if (!store_.reads_work) return unavailable("reads fail");
    std::vector<room_heading> found;
    for (const auto& room : asked) {
      const auto known = store_.rooms.find(room);
      if (known != store_.rooms.end()) found.push_back({room, "room", true, known->second.end()});
    }
    return found;
  }
  result<std::vector<presence_record>> presence(std::span<const user_id>) override {
    if (!store_.presence_of) return std::vector<presence_record>();
    return std::vector{*store_.presence_of};
  }
  result<std::vector<token_item>> tokens_of(user_id) override { return store_.log_ins; }
  result<std::vector<node_seen>> nodes() override {
    if (!store_.reads_work) return unavailable("reads fail");
    return store_.nodes_seen;
  }
  result<std::int64_t> unread(user_id user, room_id room, sequence after) override {
    std::int64_t count = 0;
    for (const auto& event : store_.rooms[room].events) {
      const auto* posted = std::get_if<message_posted>(&event.body);
      if (event.seq > after && posted != nullptr && posted->sender != user) ++count;
    }
    return count;
  }
  result<std::vector<std::pair<room_id, sequence>>> last_seqs(std::span<const room_id> asked) override {
    if (!store_.reads_work) return unavailable("reads fail");
    std::vector<std::pair<room_id, sequence>> ends;
    for (const auto& room : asked) {
      const auto found = store_.rooms.find(room);
      if (found != store_.rooms.end()) ends.emplace_back(room, found->second.end());
    }
    return ends;
  }
  result<sequence> last_seq(room_id room) override {
    if (!store_.reads_work) return unavailable("reads fail");
    return store_.rooms[room].end();
  }
  result<std::vector<durable_event>> events_after(room_id room, sequence after, std::uint32_t limit) override {
    ++store_.log_reads;
    if (!store_.reads_work) return unavailable("reads fail");
    const auto& events = store_.rooms[room].events;
    std::vector<durable_event> found;
    for (const auto& event : events) {
      if (event.seq > after && found.size() < limit) found.push_back(event);
    }
    return found;
  }

 private:
  [[nodiscard]] bool is_lost() const { return store_.lost_readers.contains(number_); }

  fake_database& store_;
  const int number_;
};

}  // namespace

result<std::unique_ptr<database_writer>> fake_database::open_writer() {
  ++writers_opened;
  return std::unique_ptr<database_writer>(std::make_unique<fake_writer>(*this));
}

result<std::unique_ptr<database_reader>> fake_database::open_reader() {
  ++readers_opened;
  return std::unique_ptr<database_reader>(std::make_unique<fake_reader>(*this));
}

result<stored> fake_database::append(const append_command& command) {
  auto& room = rooms[command.room];
  const auto next = [&] { return room.end() + 1; };
  stored outcome;
  const auto store = [&](event_body body) {
    room.events.push_back({command.room, next(), std::move(body)});
    outcome.events.push_back(room.events.back());
  };
  if (!room.has(command.actor)) return not_found("no member");
  if (const auto* send = std::get_if<send_message>(&command.command)) {
    if (send->content == "forbidden") return forbidden("not this");
    if (send->client_msg_id) {
      const auto [place, fresh] = room.keys.try_emplace({command.actor, *send->client_msg_id}, room.events.size());
      if (!fresh) return stored{{room.events[place->second]}, true};
    }
    store(message_posted{message_id(command.new_id), command.actor, "name", send->content, send->file_url,
                         send->reply_to, send->client_msg_id, command.at});
  } else if (const auto* edit = std::get_if<edit_message>(&command.command)) {
    store(message_edited{edit->message, command.actor, edit->content, command.at});
  } else if (const auto* invite = std::get_if<invite_members>(&command.command)) {
    for (const auto& user : invite->users) {
      if (room.has(user)) continue;
      room.members.push_back(user);
      store(member_joined{user, command.actor, join_reason::invited});
    }
  } else if (const auto* remove = std::get_if<remove_member>(&command.command)) {
    std::erase(room.members, remove->user);
    store(member_left{remove->user, command.actor, leave_reason::removed});
  } else {
    return bad_request("not in this store");
  }
  return outcome;
}

}  // namespace parley::testing
