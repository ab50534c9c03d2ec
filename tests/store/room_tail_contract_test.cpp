// What rooms' tails promise, whoever keeps them.
#include <gmock/gmock.h>

#include "database_fixture.hpp"
#include "event_stream_fixture.hpp"
#include "room_tail_steps.hpp"
#include "support/redis_server.hpp"

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using kind = tail_page::kind;

class room_tail_contract : public testing::TestWithParam<bus_kind> {
 protected:
  void SetUp() override {
    if (GetParam().needs_redis && !support::redis_server::is_installed()) {
      GTEST_SKIP() << "redis-server is not here; ./dev install --redis";
    }
    bus = GetParam().make(100'000);
    here.emplace(bus->open_node());
    there.emplace(bus->open_node());
    for (auto* node : {&*here, &*there}) begin_to_keep(*node);
    tails = there->stream->open_tails();
  }
  [[nodiscard]] std::vector<std::string> page(sequence after, sequence end, std::uint32_t count = 100) {
    return read_tail(*tails, {room, after, count, end});
  }

  const room_id room{numbered_uuid(1)};
  std::unique_ptr<bus_under_test> bus;
  std::optional<bus_node> here;
  std::optional<bus_node> there;
  std::unique_ptr<room_tail_reader> tails;
};

TEST_P(room_tail_contract, what_was_appended_comes_in_pages) {
  append(*here, said(room, 1, 10));
  EXPECT_THAT(page(0, 10, 4), ElementsAre("1 hello", "2 hello", "3 hello", "4 hello"));
  EXPECT_THAT(page(8, 10), ElementsAre("9 hello", "10 hello"));
  EXPECT_THAT(page(7, 9), ElementsAre("8 hello", "9 hello")) << "nothing behind the end that the asker knows";
}

TEST_P(room_tail_contract, several_questions_are_answered_in_their_order) {
  append(*here, {said(room, 1, 3), said(room_id(numbered_uuid(2)), 7, 2)});
  const std::vector<tail_question> questions{
      {room_id(numbered_uuid(2)), 6, 9, 8}, {room_id(numbered_uuid(3)), 0, 9, 1}, {room, 2, 9, 3}, {room, 2, 9, 4}};
  const auto pages = expect_value(tails->read(questions));
  ASSERT_EQ(pages.size(), 4U);
  EXPECT_EQ(pages[0].what, kind::found);
  EXPECT_EQ(pages[0].events.front().seq, 7);
  EXPECT_EQ(pages[1].what, kind::missing);
  EXPECT_EQ(pages[2].what, kind::found);
  EXPECT_EQ(pages[2].events.front().seq, 3);
  EXPECT_EQ(pages[3].what, kind::behind);
  EXPECT_THAT(expect_value(tails->read({})), IsEmpty());
}

TEST_P(room_tail_contract, events_come_as_they_went) {
  auto all = batch_of_every_event(room, 17);
  // Each message here has changes, so that only what is left of them stands there.
  const auto text = text_of({room, {all.events.begin() + 4, all.events.end()}});
  append(*here, fresh(std::move(all)));
  const std::vector<tail_question> questions{{room, 20, 100, 32}};
  const auto pages = expect_value(tails->read(questions));
  EXPECT_EQ(text_of({room, pages[0].events}), text);
}

TEST_P(room_tail_contract, an_edit_removes_the_message_and_its_former_edits) {
  append(*here, said(room, 1, 2));
  append(*there, edited(room, 3, 1, "better"));
  EXPECT_THAT(page(0, 3), ElementsAre("missing"));
  EXPECT_THAT(page(1, 3), ElementsAre("2 hello", "3 edit better"));
  append(*here, edited(room, 4, 1, "best"));
  EXPECT_THAT(page(1, 4), ElementsAre("2 hello"));
  EXPECT_THAT(page(2, 4), ElementsAre("missing"));
  EXPECT_THAT(page(3, 4), ElementsAre("4 edit best"));
}

TEST_P(room_tail_contract, a_deletion_removes_the_message_and_its_edits) {
  append(*here, said(room, 1, 3));
  append(*there, edited(room, 4, 2, "better"));
  append(*here, deleted(room, 5, 2));
  EXPECT_THAT(page(0, 5), ElementsAre("1 hello"));
  EXPECT_THAT(page(1, 5), ElementsAre("missing"));
  EXPECT_THAT(page(2, 5), ElementsAre("3 hello"));
  EXPECT_THAT(page(3, 5), ElementsAre("missing"));
  EXPECT_THAT(page(4, 5), ElementsAre("5 deletion"));
}

TEST_P(room_tail_contract, many_messages_may_be_deleted_at_once_far_back_and_in_one_batch) {
  append(*here, said(room, 1, 400));
  stream_batch batch{room, {}};
  for (sequence i = 0; i < 150; ++i) batch.events.push_back(deleted(room, 401 + i, 250 + i)->events.front());
  batch.events.push_back(said(room, 551)->events.front());
  batch.events.push_back(deleted(room, 552, 551)->events.front());
  append(*there, fresh(std::move(batch)));
  EXPECT_THAT(page(248, 552), ElementsAre("249 hello"));
  for (sequence seq = 249; seq < 399; ++seq) ASSERT_THAT(page(seq, 552, 1), ElementsAre("missing")) << seq;
  EXPECT_EQ(page(399, 552).size(), 100U);
  EXPECT_THAT(page(550, 552), ElementsAre("missing"));
  EXPECT_THAT(page(551, 552), ElementsAre("552 deletion"));
}

TEST_P(room_tail_contract, nodes_that_overtake_each_other_leave_no_hole) {
  append(*here, said(room, 1));
  append(*there, said(room, 4));
  append(*there, said(room, 3));
  EXPECT_THAT(page(0, 4), ElementsAre("behind"));
  EXPECT_THAT(page(0, 1), ElementsAre("1 hello"));
  append(*here, said(room, 2));
  EXPECT_THAT(page(0, 4), ElementsAre("1 hello", "2 hello", "3 hello", "4 hello"));
}

TEST_P(room_tail_contract, a_deletion_that_overtakes_its_message_is_not_undone_by_it) {
  append(*here, said(room, 1));
  append(*there, deleted(room, 3, 2));
  append(*here, said(room, 2));
  EXPECT_THAT(page(1, 3), ElementsAre("missing"));
  EXPECT_THAT(page(2, 3), ElementsAre("3 deletion"));
  append(*here, said(room, 4));
  EXPECT_THAT(page(1, 4), ElementsAre("missing"));
  EXPECT_THAT(page(2, 4), ElementsAre("3 deletion", "4 hello"));
}

TEST_P(room_tail_contract, a_deletion_overtakes_also_from_far_and_with_what_lies_between) {
  append(*here, said(room, 1));
  append(*there, said(room, 3, 2));
  append(*there, deleted(room, 6, 3));
  append(*there, said(room, 5));
  append(*here, said(room, 2));
  for (const sequence after : {1, 2}) EXPECT_THAT(page(after, 6, 1), ElementsAre("missing")) << after;
  EXPECT_THAT(page(5, 6), ElementsAre("6 deletion"));
}

TEST_P(room_tail_contract, what_is_appended_again_changes_nothing) {
  const auto first = said(room, 1, 4);
  append(*here, first);
  append(*there, deleted(room, 5, 2));
  append(*here, first);
  append(*here, {first, said(room, 6)});
  EXPECT_THAT(page(0, 6), ElementsAre("1 hello"));
  EXPECT_THAT(page(1, 6), ElementsAre("missing"));
  EXPECT_THAT(page(2, 6), ElementsAre("3 hello", "4 hello", "5 deletion", "6 hello"));
}

TEST_P(room_tail_contract, a_batch_that_does_not_say_since_when_it_is_enters_none) {
  append(*here, make_batch(room, 1));
  EXPECT_THAT(page(0, 1), ElementsAre("missing"));
  append(*here, said(room, 2));
  append(*here, make_batch(room, 3));
  EXPECT_THAT(page(1, 3), ElementsAre("behind"));
}

TEST_P(room_tail_contract, after_a_loss_there_is_nothing) {
  append(*here, said(room, 1, 3));
  bus->flush();
  EXPECT_THAT(page(0, 3), ElementsAre("missing"));
}

TEST_P(room_tail_contract, who_does_not_answer_is_unavailable_for_a_while) {
  bus->hurry();
  tails = bus->open_node()->open_tails();
  append(*here, said(room, 1));
  EXPECT_THAT(page(0, 1), ElementsAre("1 hello"));
  bus->set_up(false);
  const auto begun = std::chrono::steady_clock::now();
  const std::vector<tail_question> questions{{room, 0, 9, 1}};
  const auto pages = tails->read(questions);
  ASSERT_TRUE(pages.has_error());
  EXPECT_EQ(pages.error().code, error_code::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  bus->set_up(true);
  EXPECT_THAT(page(0, 1), ElementsAre("1 hello"));
}

INSTANTIATE_TEST_SUITE_P(kinds, room_tail_contract, testing::ValuesIn(bus_kinds()), name_of_bus);

}  // namespace
}  // namespace parley::test
