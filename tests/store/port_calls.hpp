// Every function of the store's ports, called once at least: what the tests of query plans record.
#pragma once

#include "database_fixture.hpp"

namespace parley::test {

/// A group and a private room, and the people in them.
struct circle {
  user_id ann, bob, cid;
  room_id group, pair;
};

/// On whatever `writer` and `reader` are. Everything but add_circle() may be called again and again.
class port_calls : public database_fixture {
 protected:
  static constexpr std::uint32_t page_size = 10;

  /// With names that end so, since names are taken once.
  circle add_circle(const std::string& suffix = "") {
    circle made;
    made.ann = add_user("ann" + suffix);
    made.bob = add_user("bob" + suffix);
    made.cid = add_user("cid" + suffix);
    made.group = add_group("room", made.ann, {made.bob});
    made.pair = add_pair(made.ann, made.bob);
    return made;
  }

  void use_everything(const circle& who) {
    append(make.send(who.pair, who.ann, "hi"));
    append(make.send(who.group, who.ann, "keyed", "k"));
    const auto message = post(who.group, who.ann, "x");
    append(make.reply(who.group, who.bob, "y", message));
    append(make.react(who.group, who.bob, message, "👍"));
    append(make.react(who.group, who.bob, message, "👍", reaction_action::remove));
    append(make.edit(who.group, who.ann, message, "z"));
    append(make.erase(who.group, who.ann, message));
    append(make.rename(who.group, who.ann, "new"));
    append(make.invite(who.group, who.ann, {who.cid}));
    append(make.remove(who.group, who.ann, who.cid));
    mark_read(who.group, who.bob, 4);
    const presence_record online{who.ann, true, make.next_time()};
    write([&](record_writer& records) { return records.save_presence({&online, 1}); });
    write([&](record_writer& records) { return records.clear_presence(); });
    const auto hash = expect_value(reader->account_by_name("ann"))->password_hash;
    write([&](record_writer& records) { return records.set_password_hash(who.ann, hash, "new"); });
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.create_token({{}, who.ann, time_at(0), time_at(1), {}, {}}));
      return {};
    });
    const token_renewal used{{}, time_at(0), time_at(1)};
    write([&](record_writer& records) { return records.renew_token(used); });
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.change_profile(who.ann, {{"Ann B."}, {}, {}, {}}));
      (void)expect_value(
          records.change_password({who.ann, "new", "newer", {}, audit(audit_action::password_changed, who.ann)}));
      (void)expect_value(records.change_account({{},
                                                 who.ann,
                                                 {account_flag::suspended, role::admin},
                                                 time_at(1),
                                                 make.make_id<uuid>(),
                                                 make.make_id<uuid>()}));
      (void)expect_value(records.change_account(
          {{}, who.ann, {account_flag::active, role::user}, time_at(1), make.make_id<uuid>(), make.make_id<uuid>()}));
      return records.record_audit(audit(audit_action::user_created, who.ann));
    });
    moderate(who, post(who.group, who.bob, "to be reported"));
    write([&](record_writer& records) { return records.delete_token({}); });
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.delete_tokens_of(who.ann));
      return {};
    });
    use_files(who);
    expect_value(writer->probe());
    expect_value(writer->look());
    read_everything(who, message);
  }

 private:
  /// One that is sent and deleted, one that is given up.
  void use_files(const circle& who) {
    const file_id sent(make.make_id<file_id>()), given_up(make.make_id<file_id>());
    write([&](record_writer& records) -> result<void> {
      for (const auto& file : {sent, given_up}) {
        expect_value(records.begin_file({file, who.ann, "a.txt", 1, 1'000'000, time_at(1)}));
        expect_value(records.write_file_block(file, 0, "x"));
      }
      expect_value(records.finish_file({sent, who.ann, "a.txt", "text/plain", 1, 1'000'000}));
      (void)expect_value(records.keep_secret("key", "secret"));
      return {};
    });
    auto command = make.send(who.group, who.ann, "with a file");
    std::get<send_message>(command.command).file_url = file_url_of(sent, "a.txt");
    append(command);
    (void)expect_value(reader->file_for(who.bob, sent));
    (void)expect_value(reader->file_block(sent, 0));
    (void)expect_value(reader->files_of(who.ann, {}));
    append(make.erase(who.group, who.ann, message_id(command.new_id)));
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.withdraw_file(who.ann, sent, "a.txt", time_at(2)));
      const auto unused =
          expect_value(records.take_unused_files({time_at(1'000'000), time_at(1'000'000), time_at(1'000'000), 100}));
      return records.delete_files(unused);
    });
  }
  void become(user_id user, role as) {
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.change_account(
          {{}, user, {account_flag::active, as}, time_at(1), make.make_id<uuid>(), make.make_id<uuid>()}));
      return {};
    });
  }
  void moderate(const circle& who, message_id message) {
    for (durable_command& what : std::vector<durable_command>{set_slow_mode{5}, mute_member{who.bob, 60, {}},
                                                              mute_member{who.bob, 0, {}}, set_slow_mode{0}}) {
      append(make.command(who.group, who.ann, std::move(what)));
    }
    const auto ban = make.command(who.group, who.ann, ban_member{who.bob, {}, true});
    append(ban);
    write([&](record_writer& records) -> result<void> {
      const message_removal removal{removal_id(ban.new_id), who.group, who.bob, who.ann, 1};
      (void)expect_value(records.note_removal(removal, false, time_at(1)));
      return {};
    });
    become(who.ann, role::moderator);
    write([&, filed = make.make_id<report_id>()](record_writer& records) -> result<void> {
      (void)expect_value(records.file_report({filed, who.ann, message, report_reason::spam, {}, time_at(1)}));
      return records.decide_report({filed, who.ann, report_status::acted, {}, time_at(1), make.make_id<uuid>()});
    });
    become(who.ann, role::user);
    (void)expect_value(reader->idle_removals(time_at(1'000'000), 10));
    (void)expect_value(reader->messages_of(who.group, who.bob, 0, page_size));
    (void)expect_value(reader->standing_in(who.group, who.ann));
    (void)expect_value(reader->bans(who.group, who.bob, {}));
    (void)expect_value(reader->mutes(who.group, {}, time_at(1), {}));
    (void)expect_value(reader->reports(true, who.bob, {}));
    (void)expect_value(reader->reports(false, who.bob, {}));
    (void)expect_value(reader->report({}));
    (void)expect_value(reader->reported_file({}));
    (void)expect_value(try_append(make.command(who.group, who.ann, lift_ban{who.bob})));
    append(make.invite(who.group, who.ann, {who.bob}));
  }
  audit_record audit(audit_action what, user_id user) {
    return {make.make_id<uuid>(), time_at(1), user, what, user, {}, {}, {}};
  }
  void read_everything(const circle& who, message_id message) {
    const std::vector users{who.ann};
    (void)expect_value(reader->account_by_name("ann"));
    (void)expect_value(reader->token({}));
    const token_hash some_tokens[] = {{}, {}};
    (void)expect_value(reader->tokens(some_tokens));
    (void)expect_value(reader->user(who.ann));
    (void)expect_value(reader->find_users("a", {}));
    (void)expect_value(reader->accounts({"a", account_flag::active, role::user}, {}));
    (void)expect_value(reader->tokens_of(who.ann));
    (void)expect_value(reader->writes_under_way());
    (void)expect_value(reader->audit_trail({}));
    (void)expect_value(reader->presence(users));
    (void)expect_value(reader->friends(who.ann, friend_status::accepted, {}));
    const session_question one_session[] = {{who.ann, {}}};
    (void)expect_value(reader->session_bases(one_session));
    const session_question some_sessions[] = {{who.ann, {}}, {who.ann, {}, who.group}};
    (void)expect_value(reader->session_bases(some_sessions));
    (void)expect_value(reader->rooms_page(who.ann, {}));
    (void)expect_value(reader->room_of(who.ann, who.group));
    (void)expect_value(reader->is_member(who.ann, who.group));
    (void)expect_value(reader->read_positions(who.ann));
    (void)expect_value(reader->snapshot(who.group));
    (void)expect_value(reader->headings({&who.group, 1}));
    (void)expect_value(reader->group_by_name("new"));
    (void)expect_value(reader->members(who.group, {}));
    (void)expect_value(reader->unread(who.ann, who.group, 0));
    (void)expect_value(reader->last_seq(who.group));
    (void)expect_value(reader->events_after(who.group, 0, page_size));
    (void)expect_value(reader->history(who.group, {}, {}, page_size));
    (void)expect_value(reader->history(who.group, {}, 0, page_size));
    (void)expect_value(reader->room_of_message(message));
  }
};

}  // namespace parley::test
