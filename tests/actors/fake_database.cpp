// The store in memory: append rules, marker jobs, and the reads that rooms ask for.
#include "fake_database.hpp"

#include <algorithm>
#include <stdexcept>

namespace parley::testing {

namespace {

error not_in_this_store() { return not_found("not in this store"); }

class fake_records final : public record_writer {
 public:
  explicit fake_records(fake_database& store) : store_(store) {}
  result<own_profile> create_user(const new_user&) override { return not_in_this_store(); }
  result<void> set_password_hash(user_id, const std::string&) override { return not_in_this_store(); }
  result<void> create_token(const new_token_record&) override { return not_in_this_store(); }
  result<void> delete_token(const token_hash&) override { return not_in_this_store(); }
  result<std::vector<token_hash>> delete_tokens_of(user_id) override { return not_in_this_store(); }
  result<created_room> create_room(const new_room&) override { return not_in_this_store(); }
  result<void> save_read_markers(std::span<const read_marker> markers) override {
    ++store_.marker_saves;
    for (const auto& marker : markers) {
      auto& stands = store_.rooms[marker.room].markers[marker.user];
      stands = std::max(stands, marker.seq);
    }
    return {};
  }
  result<void> save_presence(std::span<const presence_record>) override { return {}; }
  result<void> clear_presence() override { return {}; }

 private:
  fake_database& store_;
};

class fake_writer final : public database_writer {
 public:
  explicit fake_writer(fake_database& store) : store_(store) {}

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
    for (const auto& command : commands) results.appends.push_back(store_.append(command));
    fake_records records(store_);
    for (const auto& job : jobs) results.jobs.push_back(job(records));
    store_.commits.push_back({commands.size(), jobs.size()});
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
  void tidy() override { ++store_.tidied; }

 private:
  fake_database& store_;
};

class fake_reader final : public database_reader {
 public:
  explicit fake_reader(fake_database& store) : store_(store) {}

  result<std::optional<account_record>> account_by_name(const std::string&) override { return not_in_this_store(); }
  result<std::optional<token_record>> token(const token_hash&) override { return not_in_this_store(); }
  result<std::optional<own_profile>> user(user_id) override { return not_in_this_store(); }
  result<page<user_profile>> find_users(const std::string&, const page_request&) override {
    return not_in_this_store();
  }
  result<std::vector<presence_record>> presence(std::span<const user_id>) override { return not_in_this_store(); }
  result<std::vector<user_id>> friends_of(user_id) override { return not_in_this_store(); }
  result<std::vector<room_summary>> rooms_of(user_id) override { return not_in_this_store(); }
  result<page<room_summary>> rooms_page(user_id, const page_request&) override { return not_in_this_store(); }
  result<std::vector<read_position>> read_positions(user_id) override { return not_in_this_store(); }
  result<std::optional<room_id>> group_by_name(const std::string&) override { return not_in_this_store(); }
  result<page<room_member>> members(room_id, const page_request&) override { return not_in_this_store(); }
  result<std::vector<history_item>> history(room_id, std::optional<sequence>, std::optional<sequence>,
                                            std::uint32_t) override {
    return not_in_this_store();
  }
  result<std::optional<room_id>> room_of_message(message_id) override { return not_in_this_store(); }

  result<std::optional<room_summary>> room_of(user_id user, room_id room) override {
    if (!store_.reads_work) return unavailable("reads fail");
    const auto found = store_.rooms.find(room);
    if (found == store_.rooms.end()) return std::optional<room_summary>{};
    room_summary summary;
    summary.id = room;
    summary.last_read_seq = found->second.markers[user];
    return std::optional<room_summary>{summary};
  }
  result<bool> is_member(user_id user, room_id room) override {
    if (!store_.reads_work) return unavailable("reads fail");
    const auto found = store_.rooms.find(room);
    if (found == store_.rooms.end()) return false;
    return std::find(found->second.members.begin(), found->second.members.end(), user) != found->second.members.end();
  }
  result<std::optional<room_snapshot>> snapshot(room_id room) override {
    if (!store_.reads_work) return unavailable("reads fail");
    const auto found = store_.rooms.find(room);
    if (found == store_.rooms.end()) return std::optional<room_snapshot>{};
    room_snapshot snapshot;
    snapshot.id = room;
    snapshot.name = "room";
    snapshot.last_seq = static_cast<sequence>(found->second.events.size());
    snapshot.members = found->second.members;
    return std::optional<room_snapshot>{snapshot};
  }
  result<std::int64_t> unread(user_id user, room_id room, sequence after) override {
    std::int64_t count = 0;
    for (const auto& event : store_.rooms[room].events) {
      const auto* posted = std::get_if<message_posted>(&event.body);
      if (event.seq > after && posted != nullptr && posted->sender != user) ++count;
    }
    return count;
  }
  result<sequence> last_seq(room_id room) override { return static_cast<sequence>(store_.rooms[room].events.size()); }
  result<std::vector<durable_event>> events_after(room_id room, sequence after, std::uint32_t limit) override {
    if (!store_.reads_work) return unavailable("reads fail");
    const auto& events = store_.rooms[room].events;
    std::vector<durable_event> found;
    for (const auto& event : events) {
      if (event.seq > after && found.size() < limit) found.push_back(event);
    }
    return found;
  }

 private:
  fake_database& store_;
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
  const auto next = [&] { return static_cast<sequence>(room.events.size()) + 1; };
  stored outcome;
  const auto store = [&](event_body body) {
    room.events.push_back({command.room, next(), std::move(body)});
    outcome.events.push_back(room.events.back());
  };
  if (std::find(room.members.begin(), room.members.end(), command.actor) == room.members.end()) {
    return not_found("no member");
  }
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
      if (std::find(room.members.begin(), room.members.end(), user) != room.members.end()) continue;
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
