// What every store tells of rooms, members, markers and the log's pages.
#include <algorithm>

#include "database_fixture.hpp"

namespace parley::test {
namespace {

class rooms_contract : public database_fixture {
 protected:
  void SetUp() override {
    database_fixture::SetUp();
    ann = add_user("ann");
    bob = add_user("bob");
    cid = add_user("cid");
  }

  user_id ann, bob, cid;
};

TEST_P(rooms_contract, a_new_group_begins_with_its_members_the_creator_first) {
  const auto room = add_group("group", bob, {ann, cid, ann, bob});
  const auto log = events_of(room);
  ASSERT_EQ(log.size(), 3U);
  const std::vector expected{bob, ann, cid};
  for (std::size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(log[i].seq, static_cast<sequence>(i) + 1);
    const auto& joined = std::get<member_joined>(log[i].body);
    EXPECT_EQ(joined.user, expected[i]);
    EXPECT_EQ(joined.by, bob);
    EXPECT_EQ(joined.reason, join_reason::created);
    EXPECT_EQ(summary(expected[i], room).last_read_seq, static_cast<sequence>(i) + 1)
        << "the marker begins at the own member_joined";
    EXPECT_EQ(summary(expected[i], room).unread, 0);
  }
  const auto found = expect_value(reader->snapshot(room));
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->is_group);
  EXPECT_EQ(found->name, "group");
  EXPECT_EQ(found->created_by, bob);
  EXPECT_EQ(found->last_seq, 3);
  EXPECT_EQ(found->members.size(), 3U);
}

TEST_P(rooms_contract, a_room_with_an_unknown_or_inactive_member_is_not_made) {
  set_flag(cid, "delete");
  EXPECT_EQ(try_create_room(true, ann, {bob, make.make_id<user_id>()}).error().code, error_code::not_found);
  EXPECT_EQ(try_create_room(true, ann, {bob, cid}).error().code, error_code::not_found);
  EXPECT_EQ(try_create_room(false, ann, {cid}).error().code, error_code::not_found);
  EXPECT_TRUE(basis_of(ann).rooms.empty());
}

TEST_P(rooms_contract, two_people_have_one_private_room_whoever_asks) {
  const auto first = expect_value(try_create_room(false, ann, {bob}));
  EXPECT_TRUE(first.created);
  EXPECT_EQ(first.members, (std::vector{ann, bob}));
  const auto again = expect_value(try_create_room(false, bob, {ann}));
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.id, first.id);
  auto members = again.members;
  std::sort(members.begin(), members.end());
  EXPECT_EQ(members, (std::vector{ann, bob}));
  EXPECT_NE(expect_value(try_create_room(false, ann, {cid})).id, first.id);
  EXPECT_EQ(expect_value(reader->last_seq(first.id)), 2);
}

TEST_P(rooms_contract, a_private_room_needs_one_other_who_has_no_block) {
  EXPECT_EQ(try_create_room(false, ann, {ann}).error().code, error_code::conflict);
  EXPECT_EQ(try_create_room(false, ann, {}).error().code, error_code::bad_request);
  EXPECT_EQ(try_create_room(false, ann, {bob, cid}).error().code, error_code::bad_request);
  befriend(bob, ann, "blocked");
  const auto refused = try_create_room(false, ann, {bob}).error();
  EXPECT_EQ(refused.code, error_code::forbidden);
  EXPECT_EQ(refused.message.find("block"), std::string::npos) << refused.message;
  EXPECT_TRUE(expect_value(try_create_room(false, bob, {ann})).created) << "ann has blocked nobody";
  befriend(cid, ann, "accepted");
  EXPECT_TRUE(expect_value(try_create_room(false, ann, {cid})).created);
}

TEST_P(rooms_contract, nobody_is_brought_into_a_group_by_somebody_whom_he_blocks) {
  befriend(bob, ann, "blocked");
  const auto refused = try_create_room(true, ann, {cid, bob}).error();
  EXPECT_EQ(refused.code, error_code::forbidden);
  EXPECT_EQ(refused.message.find("block"), std::string::npos) << refused.message;
  EXPECT_TRUE(expect_value(try_create_room(true, bob, {ann})).created) << "ann has blocked nobody";
  befriend(cid, ann, "accepted");
  EXPECT_TRUE(expect_value(try_create_room(true, ann, {cid})).created);
}

TEST_P(rooms_contract, the_private_room_that_two_have_is_found_whatever_stands_between_them) {
  limits_config limits;
  limits.rooms_per_user = 1;
  start(limits);
  const auto dan = add_user("dan");
  const auto eve = add_user("eve");
  const auto fay = add_user("fay");
  const auto room = add_pair(dan, eve);
  befriend(eve, dan, "blocked");
  befriend(dan, eve, "blocked");
  for (const auto& [asks, other] : {std::pair{dan, eve}, {eve, dan}}) {
    const auto found = expect_value(try_create_room(false, asks, {other}));
    EXPECT_FALSE(found.created);
    EXPECT_EQ(found.id, room);
  }
  for (const auto& [asks, other] : {std::pair{dan, fay}, {fay, dan}}) {
    EXPECT_EQ(try_create_room(false, asks, {other}).error().code, error_code::conflict);
  }
}

TEST_P(rooms_contract, each_side_of_a_private_room_sees_the_other) {
  const auto room = add_pair(ann, bob);
  EXPECT_EQ(summary(ann, room).peer->id, bob);
  EXPECT_EQ(summary(bob, room).peer->id, ann);
  EXPECT_EQ(summary(ann, room).peer->username, "bob");
  EXPECT_EQ(summary(ann, room).peer->display_name, "bob!");
  EXPECT_FALSE(summary(ann, room).is_group);
  EXPECT_EQ(summary(ann, room).name, std::nullopt);
  EXPECT_EQ(summary(bob, room).last_read_seq, 2);
}

TEST_P(rooms_contract, rooms_come_in_the_order_of_their_ids_with_all_that_ready_needs) {
  const auto group = add_group("group", ann, {bob, cid});
  const auto pair = add_pair(ann, bob);
  add_group("not anns", bob);
  post(group, bob, "1");
  post(group, ann, "mine");
  post(group, cid, "2");
  const auto rooms = basis_of(ann).rooms;
  ASSERT_EQ(rooms.size(), 2U);
  EXPECT_EQ(rooms[0].id, group);
  EXPECT_EQ(rooms[0].name, "group");
  EXPECT_TRUE(rooms[0].is_group);
  EXPECT_FALSE(rooms[0].peer.has_value()) << "although others are in it";
  EXPECT_EQ(rooms[0].last_seq, 6);
  EXPECT_EQ(rooms[0].last_read_seq, 1);
  EXPECT_EQ(rooms[0].unread, 2) << "one's own message is not unread";
  EXPECT_EQ(rooms[1].id, pair);
  EXPECT_EQ(rooms[1].unread, 0);
  EXPECT_EQ(expect_value(reader->room_of(cid, pair)), std::nullopt) << "not a member";
  EXPECT_EQ(expect_value(reader->room_of(ann, make.make_id<room_id>())), std::nullopt);
}

TEST_P(rooms_contract, a_session_in_one_room_begins_with_it_alone) {
  const auto group = add_group("group", ann, {bob});
  add_pair(ann, bob);
  const auto others = add_group("not anns", bob);
  post(group, bob, "1");
  const auto rooms = basis_of(ann, {}, group).rooms;
  ASSERT_EQ(rooms.size(), 1U);
  EXPECT_EQ(rooms[0].id, group);
  EXPECT_EQ(rooms[0].unread, 1);
  EXPECT_TRUE(basis_of(ann, {}, others).rooms.empty());
  EXPECT_TRUE(basis_of(ann, {}, make.make_id<room_id>()).rooms.empty());
}

TEST_P(rooms_contract, sessions_that_begin_together_are_told_each_its_own) {
  const auto both = add_group("both", ann, {bob});
  const auto pair = add_pair(ann, cid);
  post(both, ann, "1");
  const session_question asked[] = {{bob, {}},       {ann, {}},       {make.make_id<user_id>(), {}},
                                    {ann, {}, pair}, {bob, {}, pair}, {bob, {}}};
  const auto found = expect_value(reader->session_bases(asked));
  ASSERT_EQ(found.size(), 6U);
  const auto rooms_at = [&](std::size_t place) {
    std::vector<room_id> rooms;
    for (const auto& room : found[place].rooms) rooms.push_back(room.id);
    return rooms;
  };
  using rooms = std::vector<room_id>;
  EXPECT_EQ(rooms_at(0), rooms{both});
  EXPECT_EQ(found[0].rooms[0].unread, 1);
  EXPECT_EQ(rooms_at(1), (rooms{both, pair}));
  EXPECT_EQ(found[1].rooms[0].unread, 0);
  EXPECT_EQ(found[2].flag, std::nullopt);
  EXPECT_EQ(rooms_at(3), rooms{pair});
  EXPECT_EQ(found[3].rooms[0].peer->id, cid);
  EXPECT_EQ(rooms_at(4), rooms{});
  EXPECT_EQ(found[4].flag, account_flag::active);
  EXPECT_EQ(rooms_at(5), rooms{both});
}

TEST_P(rooms_contract, rooms_come_in_pages_too) {
  std::vector<room_id> rooms;
  rooms.reserve(5);
  for (int i = 0; i < 5; ++i) rooms.push_back(add_group("group", ann, {bob}));
  add_group("not anns", bob);
  post(rooms[1], bob, "1");
  std::vector<room_id> seen;
  page_request range{std::nullopt, 2};
  do {
    const auto page = expect_value(reader->rooms_page(ann, range));
    EXPECT_LE(page.items.size(), 2U);
    for (const auto& room : page.items) {
      seen.push_back(room.id);
      EXPECT_EQ(room.unread, summary(ann, room.id).unread);
    }
    range.cursor = page.next_cursor;
  } while (range.cursor);
  EXPECT_EQ(seen, rooms);
  EXPECT_FALSE(expect_value(reader->rooms_page(ann, {std::nullopt, 5})).next_cursor.has_value());
  EXPECT_EQ(reader->rooms_page(ann, {"not a cursor", 2}).error().code, error_code::bad_request);
}

TEST_P(rooms_contract, all_rooms_are_told_however_many_the_limit_allows) {
  limits_config limits;
  limits.rooms_per_user = 2'000;
  start(limits);
  const auto dan = add_user("dan");
  std::vector<write_job> jobs;
  jobs.reserve(1'001);
  for (int i = 0; i < 1'001; ++i) {
    jobs.emplace_back(
        [room = new_room{make.make_id<room_id>(), "group", true, dan, {}, {make.make_id<uuid>()}, make.next_time()}](
            record_writer& records) -> result<void> {
          (void)expect_value(records.create_room(room));
          return {};
        });
  }
  expect_value(writer->commit({}, jobs));
  EXPECT_EQ(basis_of(dan).rooms.size(), 1'001U);
  EXPECT_EQ(expect_value(reader->read_positions(dan)).size(), 1'001U);
}

TEST_P(rooms_contract, membership_is_asked_without_counting) {
  const auto room = add_group("group", ann, {bob});
  EXPECT_TRUE(expect_value(reader->is_member(ann, room)));
  EXPECT_FALSE(expect_value(reader->is_member(cid, room)));
  EXPECT_FALSE(expect_value(reader->is_member(ann, make.make_id<room_id>())));
  append(make.remove(room, bob, bob));
  EXPECT_FALSE(expect_value(reader->is_member(bob, room)));
}

TEST_P(rooms_contract, read_positions_are_the_markers_of_ones_rooms) {
  const auto first = add_group("first", ann, {bob});
  const auto second = add_group("second", bob, {ann});
  add_group("not anns", bob);
  post(first, bob, "1");
  mark_read(first, ann, 3);
  const auto positions = expect_value(reader->read_positions(ann));
  ASSERT_EQ(positions.size(), 2U);
  EXPECT_EQ(positions[0].room, first);
  EXPECT_EQ(positions[0].last_read_seq, 3);
  EXPECT_EQ(positions[1].room, second);
  EXPECT_EQ(positions[1].last_read_seq, 2);
}

TEST_P(rooms_contract, unread_counts_others_living_messages_after_the_marker) {
  const auto room = add_group("group", ann, {bob});
  const auto first = post(room, bob, "1");
  const auto second = post(room, bob, "2");
  post(room, ann, "mine");
  append(make.react(room, bob, second, "👍"));
  append(make.edit(room, bob, second, "2b"));
  EXPECT_EQ(summary(ann, room).unread, 2);
  EXPECT_EQ(expect_value(reader->unread(ann, room, 3)), 1);
  append(make.erase(room, bob, first));
  EXPECT_EQ(summary(ann, room).unread, 1);
  mark_read(room, ann, 4);
  EXPECT_EQ(summary(ann, room).unread, 0);
  EXPECT_EQ(summary(ann, room).last_read_seq, 4);
  EXPECT_EQ(summary(bob, room).unread, 1) << "another's marker is another's";
}

TEST_P(rooms_contract, a_marker_only_moves_forward_and_not_beyond_the_end) {
  const auto room = add_group("group", ann, {bob});
  post(room, bob, "1");
  mark_read(room, ann, 3);
  mark_read(room, ann, 1);
  EXPECT_EQ(summary(ann, room).last_read_seq, 3);
  mark_read(room, ann, 1'000);
  EXPECT_EQ(summary(ann, room).last_read_seq, 3);
  mark_read(room, cid, 3);
  EXPECT_EQ(expect_value(reader->room_of(cid, room)), std::nullopt) << "a stranger's marker makes no member";
  append(make.invite(room, ann, {cid}));
  EXPECT_EQ(summary(cid, room).last_read_seq, 4);
}

TEST_P(rooms_contract, who_moves_markers_is_told_where_they_stand) {
  const auto room = add_group("group", ann, {bob});
  post(room, bob, "1");
  post(room, bob, "2");
  mark_read(room, bob, 4);
  const std::vector<read_marker> moves{{room, bob, 3}, {room, ann, 3}, {room, cid, 2}, {room, bob, 1'000}};
  std::vector<sequence> stands;
  write([&](record_writer& records) -> result<void> {
    stands = expect_value(records.save_read_markers(moves));
    return {};
  });
  EXPECT_EQ(stands, (std::vector<sequence>{4, 3, 2, 4})) << "further, moved, not his, beyond the end";
}

TEST_P(rooms_contract, headings_are_of_the_rooms_there_are) {
  const auto group = add_group("group", ann, {bob});
  const auto pair = expect_value(try_create_room(false, ann, {bob})).id;
  const std::vector rooms{pair, make.make_id<room_id>(), group};
  auto found = expect_value(reader->headings(rooms));
  std::sort(found.begin(), found.end(),
            [](const auto& one, const auto& other) { return one.is_group < other.is_group; });
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, pair);
  EXPECT_EQ(found[0].name, std::nullopt);
  EXPECT_EQ(found[1].id, group);
  EXPECT_EQ(found[1].name, "group");
  EXPECT_EQ(found[1].last_seq, 2);
  EXPECT_TRUE(expect_value(reader->headings({})).empty());
}

TEST_P(rooms_contract, unread_is_exact_up_to_a_thousand_and_stays_there) {
  const auto room = add_group("group", ann, {bob});
  const auto post_many = [&](std::size_t count) {
    std::vector<append_command> commands;
    for (std::size_t i = 0; i < count; ++i) commands.push_back(make.send(room, bob, "x"));
    for (const auto& outcome : commit(std::move(commands))) ASSERT_FALSE(outcome.has_error());
  };
  post_many(999);
  EXPECT_EQ(summary(ann, room).unread, 999);
  post_many(1);
  EXPECT_EQ(summary(ann, room).unread, 1'000);
  post_many(1);
  EXPECT_EQ(summary(ann, room).unread, 1'000);
}

/// Who posts and never reads must not make the store read all that he has said, again and again.
TEST_P(rooms_contract, unread_is_counted_among_the_newest_messages_behind_the_marker) {
  const auto room = add_group("group", ann, {bob});
  const auto post_many = [&](user_id who, std::size_t count) {
    std::vector<append_command> commands;
    for (std::size_t i = 0; i < count; ++i) commands.push_back(make.send(room, who, "x"));
    for (const auto& outcome : commit(std::move(commands))) ASSERT_FALSE(outcome.has_error());
  };
  post_many(bob, 1);
  for (const std::size_t count : {1'000U, 1'000U, 1'000U, 999U}) post_many(ann, count);
  EXPECT_EQ(summary(ann, room).unread, 1);
  EXPECT_EQ(expect_value(reader->unread(ann, room, 0)), 1);
  post_many(ann, 1);
  EXPECT_EQ(summary(ann, room).unread, 0);
  EXPECT_EQ(expect_value(reader->unread(ann, room, 0)), 0);
  post_many(bob, 2);
  EXPECT_EQ(summary(ann, room).unread, 2);
  EXPECT_EQ(summary(bob, room).unread, 1'000);
}

TEST_P(rooms_contract, members_come_in_pages) {
  const auto room = add_group("group", cid, {ann, bob});
  const auto first = expect_value(reader->members(room, {std::nullopt, 2}));
  ASSERT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.items[0].profile.id, ann);
  EXPECT_EQ(first.items[0].profile.username, "ann");
  EXPECT_GT(first.items[0].joined_at, timestamp{});
  ASSERT_TRUE(first.next_cursor.has_value());
  const auto second = expect_value(reader->members(room, {first.next_cursor, 2}));
  ASSERT_EQ(second.items.size(), 1U);
  EXPECT_EQ(second.items[0].profile.id, cid);
  EXPECT_FALSE(second.next_cursor.has_value());
  EXPECT_FALSE(expect_value(reader->members(room, {std::nullopt, 3})).next_cursor.has_value());
  EXPECT_EQ(reader->members(room, {"not a cursor", 2}).error().code, error_code::bad_request);
}

TEST_P(rooms_contract, groups_are_found_by_name_the_oldest_first) {
  const auto oldest = add_group("lobby", ann);
  add_group("lobby", bob);
  add_pair(ann, bob);
  EXPECT_EQ(expect_value(reader->group_by_name("lobby")), oldest);
  EXPECT_EQ(expect_value(reader->group_by_name("Lobby")), std::nullopt);
  EXPECT_EQ(expect_value(reader->snapshot(make.make_id<room_id>())), std::nullopt);
}

TEST_P(rooms_contract, the_log_is_read_in_pages_without_hole_or_repeat) {
  const auto room = add_group("group", ann, {bob});
  for (int i = 0; i < 10; ++i) {
    const auto message = post(room, ann, "x");
    append(make.react(room, bob, message, "👍"));
  }
  for (const std::uint32_t limit : {1U, 3U, 7U, 100U}) {
    sequence position = 0;
    for (auto page = events_of(room, 0, limit); !page.empty(); page = events_of(room, position, limit)) {
      EXPECT_LE(page.size(), limit);
      for (const auto& event : page) EXPECT_EQ(event.seq, ++position);
    }
    EXPECT_EQ(position, 22);
  }
  EXPECT_TRUE(events_of(room, 22).empty());
  EXPECT_TRUE(events_of(room, 1'000).empty());
  EXPECT_TRUE(events_of(make.make_id<room_id>()).empty());
}

TEST_P(rooms_contract, history_is_newest_first_or_oldest_first_after_a_seq) {
  const auto room = add_group("group", ann, {bob});
  for (const auto* text : {"a", "b", "c", "d"}) post(room, ann, text);  // seq 3 to 6
  const auto texts = [&](std::optional<sequence> before, std::optional<sequence> after, std::uint32_t limit) {
    std::string all;
    for (const auto& item : expect_value(reader->history(room, before, after, limit))) all += *item.message.content;
    return all;
  };
  EXPECT_EQ(texts({}, {}, 10), "dcba");
  EXPECT_EQ(texts({}, {}, 2), "dc");
  EXPECT_EQ(texts(5, {}, 10), "ba");
  EXPECT_EQ(texts({}, 4, 10), "cd");
  EXPECT_EQ(texts({}, 0, 3), "abc");
  EXPECT_EQ(texts(3, {}, 10), "");
  const auto item = expect_value(reader->history(room, 4, {}, 1)).at(0);
  EXPECT_EQ(item.room, room);
  EXPECT_EQ(item.seq, 3);
  EXPECT_EQ(item.message.sender, ann);
  EXPECT_EQ(item.message.display_name, "ann!");
  EXPECT_EQ(item.edited_at, std::nullopt);
  EXPECT_EQ(item.deleted_at, std::nullopt);
}

TEST_P(rooms_contract, history_sums_up_the_reactions_in_the_order_in_which_they_began) {
  const auto room = add_group("group", ann, {bob, cid});
  const auto message = post(room, ann, "x");
  append(make.react(room, cid, message, "🎉"));
  append(make.react(room, bob, message, "👍"));
  append(make.react(room, ann, message, "🎉"));
  const auto reactions = expect_value(reader->history(room, {}, {}, 1)).at(0).reactions;
  ASSERT_EQ(reactions.size(), 2U);
  EXPECT_EQ(reactions[0].emoji, "🎉");
  EXPECT_EQ(reactions[0].count, 2);
  EXPECT_EQ(reactions[0].users, (std::vector{cid, ann}));
  EXPECT_EQ(reactions[1].emoji, "👍");
  EXPECT_EQ(reactions[1].count, 1);
}

TEST_P(rooms_contract, a_reaction_shows_its_first_hundred_users_and_counts_them_all) {
  std::vector<user_id> others;
  others.reserve(105);
  for (int i = 0; i < 105; ++i) others.push_back(add_user("user" + std::to_string(i)));
  const auto room = add_group("group", ann, others);
  const auto message = post(room, ann, "x");
  std::vector<append_command> commands;
  commands.reserve(others.size());
  for (const auto& user : others) commands.push_back(make.react(room, user, message, "👍"));
  commit(std::move(commands));
  const auto reactions = expect_value(reader->history(room, {}, {}, 1)).at(0).reactions;
  ASSERT_EQ(reactions.size(), 1U);
  EXPECT_EQ(reactions[0].count, 105);
  EXPECT_EQ(reactions[0].users.size(), 100U);
  EXPECT_EQ(reactions[0].users.front(), others.front());
}

TEST_P(rooms_contract, a_messages_room_is_found) {
  const auto room = add_group("group", ann);
  const auto message = post(room, ann, "x");
  EXPECT_EQ(expect_value(reader->room_of_message(message)), room);
  EXPECT_EQ(expect_value(reader->room_of_message(make.make_id<message_id>())), std::nullopt);
  EXPECT_EQ(reader->last_seq(make.make_id<room_id>()).error().code, error_code::not_found);
}

INSTANTIATE_TEST_SUITE_P(stores, rooms_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
