// Two nodes on one database do the same at the same moment: an index or a lock decides, and both are told the same.
#include <barrier>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <tuple>

#include "postgres_locks.hpp"

namespace parley::test {
namespace {

constexpr int rounds = 40;
constexpr std::size_t nodes = 2;

class postgres_races_test : public postgres_fixture {
 protected:
  void SetUp() override {
    postgres_fixture::SetUp();
    for (std::size_t i = 0; i < nodes; ++i) {
      nodes_.push_back(open_node(url_));
      writers_.push_back(expect_value(nodes_.back()->open_writer()));
    }
    ann_ = add_user("ann");
    bob_ = add_user("bob");
  }

  /// The same function for each node, all at once.
  template <class Body>
  void race(Body&& body) {
    std::barrier start(static_cast<std::ptrdiff_t>(nodes));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < nodes; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        try {
          body(*writers_[i], i);
        } catch (const std::exception& fault) {
          ADD_FAILURE() << fault.what();
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }

  /// What each node was told about its command.
  std::vector<append_outcome> race_appends(const std::vector<append_command>& commands) {
    std::vector<std::optional<append_outcome>> told(nodes);
    race([&](database_writer& on, std::size_t i) {
      auto batch = on.commit({&commands[i], 1}, {});
      told[i] = batch ? std::move(batch->appends.at(0)) : append_outcome(batch.error());
    });
    std::vector<append_outcome> all;
    all.reserve(nodes);
    for (auto& outcome : told) all.push_back(std::move(*outcome));
    return all;
  }

  /// The nodes' jobs begin while somebody else has all rows of the table; nobody may be ended for a deadlock.
  template <class Job>
  void race_jobs_for(const std::string& table, Job&& job_of) {
    for (int round = 0; round < 20; ++round) {
      lock_holder other(url_, std::vector<room_id>{});
      other.hold_all_of(table);
      auto release = beside([&] {
        wait_for_waiters(url_, nodes);
        other.let_go();
      });
      race([&](database_writer& on, std::size_t i) {
        const write_job job = [&](record_writer& records) { return job_of(records, i); };
        expect_value(expect_value(on.commit({}, {&job, 1})).jobs.at(0));
      });
      release.join();
    }
    EXPECT_EQ(counts_.store_retries_total.value(), 0U);
  }

  std::vector<std::unique_ptr<database>> nodes_;
  std::vector<std::unique_ptr<database_writer>> writers_;
  user_id ann_, bob_;
};

TEST_F(postgres_races_test, two_people_get_one_private_room) {
  for (int round = 0; round < rounds; ++round) {
    const auto other = add_user("other" + std::to_string(round));
    std::vector<new_room> asked;
    for (std::size_t i = 0; i < nodes; ++i) {
      // Each from the other's side.
      const auto creator = i == 0 ? ann_ : other;
      asked.push_back({make.make_id<room_id>(),
                       {},
                       false,
                       creator,
                       {i == 0 ? other : ann_},
                       {make.make_id<uuid>(), make.make_id<uuid>()},
                       make.next_time()});
    }
    std::vector<std::optional<created_room>> told(nodes);
    race([&](database_writer& on, std::size_t i) {
      const write_job job = [&](record_writer& records) -> result<void> {
        told[i] = expect_value(records.create_room(asked[i]));
        return {};
      };
      expect_value(expect_value(on.commit({}, {&job, 1})).jobs.at(0));
    });
    EXPECT_EQ(told[0]->id, told[1]->id);
    EXPECT_NE(told[0]->created, told[1]->created);
  }
  EXPECT_EQ(count("SELECT count(*) FROM tb_chat_rooms WHERE is_group = 0"), rounds);
}

TEST_F(postgres_races_test, a_name_is_taken_once) {
  for (int round = 0; round < rounds; ++round) {
    const auto name = "name" + std::to_string(round);
    std::vector<user_id> ids;
    for (std::size_t i = 0; i < nodes; ++i) ids.push_back(make.make_id<user_id>());
    std::vector<int> made(nodes);
    race([&](database_writer& on, std::size_t i) {
      const write_job job = [&](record_writer& records) -> result<void> {
        const auto created = records.create_user({ids[i], name, "hash", name, {}, {}, {}, time_at(0)});
        if (created.has_error()) return created.error();
        return {};
      };
      const auto outcome = expect_value(on.commit({}, {&job, 1})).jobs.at(0);
      made[i] = outcome.has_value() ? 1 : 0;
      if (outcome.has_error()) {
        EXPECT_EQ(outcome.error().code, error_code::conflict);
      }
    });
    EXPECT_EQ(made[0] + made[1], 1);
  }
}

TEST_F(postgres_races_test, who_ask_each_other_at_once_are_friends) {
  for (int round = 0; round < rounds; ++round) {
    const auto other = add_user("other" + std::to_string(round));
    const auto act_both = [&](friend_action what) {
      race([&](database_writer& on, std::size_t i) {
        const write_job job = [&](record_writer& records) -> result<void> {
          const auto changed = i == 0 ? records.change_friendship(ann_, other, what, time_at(0))
                                      : records.change_friendship(other, ann_, what, time_at(0));
          if (changed.has_error()) return changed.error();
          return {};
        };
        expect_value(expect_value(on.commit({}, {&job, 1})).jobs.at(0));
      });
    };
    act_both(friend_action::ask);
    EXPECT_EQ(friend_seen_by(*reader, ann_, other)->status, friend_status::accepted);
    act_both(friend_action::block);
    EXPECT_EQ(friend_seen_by(*reader, ann_, other)->status, friend_status::blocked);
    EXPECT_EQ(friend_seen_by(*reader, other, ann_)->status, friend_status::blocked);
  }
  EXPECT_EQ(count("SELECT count(*) FROM tb_friendships WHERE status <> 'blocked'"), 0);
}

TEST_F(postgres_races_test, a_person_joins_once) {
  const auto room = add_group("room", ann_, {bob_});
  for (int round = 0; round < rounds; ++round) {
    const auto who = add_user("guest" + std::to_string(round));
    const auto told = race_appends({make.invite(room, ann_, {who}), make.invite(room, bob_, {who})});
    ASSERT_TRUE(told[0].has_value() && told[1].has_value());
    EXPECT_EQ(told[0]->events.size() + told[1]->events.size(), 1U);
  }
  EXPECT_EQ(count("SELECT count(*) FROM tb_user_room"), rounds + 2);
  EXPECT_EQ(events_of(room).size(), static_cast<std::size_t>(rounds) + 2);
}

TEST_F(postgres_races_test, a_reaction_stands_once) {
  const auto room = add_group("room", ann_, {bob_});
  for (int round = 0; round < rounds; ++round) {
    const auto message = post(room, ann_, "react to this");
    const auto told = race_appends({make.react(room, bob_, message, "👍"), make.react(room, bob_, message, "👍")});
    ASSERT_TRUE(told[0].has_value() && told[1].has_value());
    EXPECT_NE(told[0]->duplicate, told[1]->duplicate);
    EXPECT_EQ(told[0]->events.at(0).seq, told[1]->events.at(0).seq);
  }
  EXPECT_EQ(count("SELECT count(*) FROM tb_reaction"), rounds);
}

TEST_F(postgres_races_test, a_key_stands_once) {
  const auto room = add_group("room", ann_, {bob_});
  for (int round = 0; round < rounds; ++round) {
    const auto key = "key" + std::to_string(round);
    const auto told = race_appends({make.send(room, ann_, "first", key), make.send(room, ann_, "second", key)});
    ASSERT_TRUE(told[0].has_value() && told[1].has_value());
    EXPECT_NE(told[0]->duplicate, told[1]->duplicate);
    EXPECT_EQ(told[0]->events.at(0).seq, told[1]->events.at(0).seq);
    EXPECT_EQ(std::get<message_posted>(told[0]->events.at(0).body).content,
              std::get<message_posted>(told[1]->events.at(0).body).content);
  }
  EXPECT_EQ(count("SELECT count(*) FROM tb_messages"), rounds);
}

/// Whoever comes first: with the leave before it, a message of theirs is refused.
TEST_F(postgres_races_test, who_is_gone_says_nothing_more) {
  const auto room = add_group("room", ann_);
  for (int round = 0; round < rounds; ++round) {
    append(make.invite(room, ann_, {bob_}));
    const auto told = race_appends({make.remove(room, ann_, bob_), make.send(room, bob_, "still here?")});
    ASSERT_TRUE(told[0].has_value()) << told[0].error().message;
    const auto gone_at = told[0]->events.at(0).seq;
    if (told[1].has_value()) {
      EXPECT_LT(told[1]->events.at(0).seq, gone_at);
    } else {
      EXPECT_EQ(told[1].error().code, error_code::not_found);
    }
  }
}

/// The second one comes while the first one still waits for the room: it must go by what the first one leaves behind.
TEST_F(postgres_races_test, what_keeps_people_out_and_quiet_holds_for_whoever_waited_behind_it) {
  const auto room = add_group("room", ann_, {bob_});
  const auto guest = add_user("guest");
  const auto outcome_behind = [&](const append_command& first, const append_command& second) {
    lock_holder other(url_, room);
    std::vector<append_outcome> told(nodes, append_outcome(stored{}));
    const auto run = [&](std::size_t node, const append_command& command) {
      told[node] = expect_value(writers_[node]->commit({&command, 1}, {})).appends.at(0);
    };
    auto one = beside([&] { run(0, first); });
    wait_for_waiters(url_, 1);
    auto two = beside([&] { run(1, second); });
    wait_for_waiters(url_, 2);
    other.let_go();
    one.join();
    two.join();
    EXPECT_TRUE(told[0].has_value());
    return told[1].has_value() ? "ok" : to_string(told[1].error().code);
  };
  EXPECT_EQ(outcome_behind(make.command(room, ann_, ban_member{guest, {}, false}), make.invite(room, bob_, {guest})),
            "forbidden");
  EXPECT_EQ(outcome_behind(make.command(room, ann_, set_slow_mode{3'600}), make.send(room, bob_, "one")), "ok");
  EXPECT_EQ(outcome_behind(make.command(room, ann_, lift_ban{guest}), make.invite(room, bob_, {guest})), "ok");
  EXPECT_EQ(outcome_behind(make.send(room, guest, "the one"), make.send(room, guest, "the other")), "rate_limited");
  EXPECT_EQ(outcome_behind(make.command(room, ann_, mute_member{bob_, 60, {}}), make.send(room, bob_, "two")),
            "forbidden");
}

/// Both find the rooms busy and wait for them, named in opposite orders. If they took them in those, each would come
/// to wait for the other, and PostgreSQL would end one of them.
TEST_F(postgres_races_test, rooms_are_locked_in_one_order) {
  std::vector<room_id> rooms;
  rooms.reserve(6);
  for (int i = 0; i < 6; ++i) rooms.push_back(add_group("room", ann_));
  for (int round = 0; round < 5; ++round) {
    std::vector<std::vector<append_command>> batches(nodes);
    for (const auto& room : rooms) {
      batches[0].push_back(make.send(room, ann_, "to and"));
      batches[1].insert(batches[1].begin(), make.send(room, ann_, "fro"));
    }
    lock_holder other(url_, rooms);
    auto release = beside([&] {
      wait_for_waiters(url_, nodes);
      other.let_go();
    });
    race([&](database_writer& on, std::size_t i) {
      for (const auto& outcome : expect_value(on.commit(batches[i], {})).appends) EXPECT_TRUE(outcome.has_value());
    });
    release.join();
  }
  EXPECT_EQ(counts_.store_retries_total.value(), 0U);
}

TEST_F(postgres_races_test, read_markers_are_locked_in_one_order) {
  std::vector<read_marker> markers;
  markers.reserve(40);
  for (int i = 0; i < 40; ++i) markers.push_back({add_group("room", ann_), ann_, 1});
  const std::vector<read_marker> reversed(markers.rbegin(), markers.rend());
  race_jobs_for("tb_read_marker", [&](record_writer& records, std::size_t i) -> result<void> {
    const auto stands = records.save_read_markers(i == 0 ? markers : reversed);
    return stands ? result<void>() : stands.error();
  });
}

TEST_F(postgres_races_test, presence_is_locked_in_one_order) {
  std::vector<presence_record> presences;
  presences.reserve(40);
  for (int i = 0; i < 40; ++i) presences.push_back({add_user("user" + std::to_string(i)), true, {}});
  const std::vector<presence_record> reversed(presences.rbegin(), presences.rend());
  race_jobs_for("tb_user_status", [&](record_writer& records, std::size_t i) {
    return records.save_presence(i == 0 ? presences : reversed);
  });
}

/// Random batches over the same rooms from both nodes: keys come again, some commands are refused, rooms stand in any
/// order. Whatever the interleaving, a room has one order without holes, and what was told is what stands there.
TEST_F(postgres_races_test, random_batches_of_two_nodes_make_one_order_without_holes) {
  constexpr std::size_t room_count = 4;
  constexpr int batches = 60;
  constexpr std::size_t most_in_batch = 12;
  std::vector<room_id> rooms;
  for (std::size_t i = 0; i < room_count; ++i) rooms.push_back(add_group("room", ann_, {bob_}));
  const auto stranger = add_user("stranger");

  // Made before, since the builder belongs to this thread.
  std::mt19937 random(20'261'126);
  const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random); };
  std::vector<std::vector<std::vector<append_command>>> plans(nodes);
  for (auto& plan : plans) {
    for (int i = 0; i < batches; ++i) {
      auto& batch = plan.emplace_back();
      for (std::size_t left = 1 + below(most_in_batch); left > 0; --left) {
        const auto sender = below(8) == 0 ? stranger : below(2) == 0 ? ann_ : bob_;
        const auto key = below(3) == 0 ? std::optional("key" + std::to_string(below(60))) : std::nullopt;
        batch.push_back(make.send(rooms[below(room_count)], sender, "text", key));
      }
    }
  }
  std::vector<std::vector<append_outcome>> told(nodes);
  race([&](database_writer& on, std::size_t i) {
    for (const auto& batch : plans[i]) {
      for (auto& outcome : expect_value(on.commit(batch, {})).appends) told[i].push_back(std::move(outcome));
    }
  });

  std::map<room_id, std::map<sequence, message_id>> stored;
  std::set<std::tuple<room_id, user_id, std::string>> keys;
  for (const auto& room : rooms) {
    sequence expected = 0;
    for (const auto& event : events_of(room)) {
      EXPECT_EQ(event.seq, ++expected);
      const auto* posted = std::get_if<message_posted>(&event.body);
      if (posted == nullptr) continue;
      stored[room][event.seq] = posted->message;
      if (posted->client_msg_id) {
        EXPECT_TRUE(keys.emplace(room, posted->sender, *posted->client_msg_id).second);
      }
    }
    EXPECT_EQ(expect_value(reader->last_seq(room)), expected);
  }
  std::size_t fresh = 0;
  for (std::size_t node = 0; node < nodes; ++node) {
    std::size_t at = 0;
    for (const auto& batch : plans[node]) {
      for (const auto& command : batch) {
        const auto& outcome = told[node].at(at++);
        EXPECT_EQ(outcome.has_error(), command.actor == stranger);
        if (outcome.has_error()) continue;
        const auto& event = outcome->events.at(0);
        EXPECT_EQ(stored[command.room][event.seq], std::get<message_posted>(event.body).message);
        fresh += outcome->duplicate ? 0 : 1;
      }
    }
  }
  std::size_t messages = 0;
  for (const auto& [room, log] : stored) messages += log.size();
  EXPECT_EQ(fresh, messages);
}

}  // namespace
}  // namespace parley::test
