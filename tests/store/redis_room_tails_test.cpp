// Rooms' tails on a real Redis: what stands there, what is lost with it, and what comes late to another one.
#include "store/redis_room_tails.hpp"

#include <gmock/gmock.h>

#include "redis_fixture.hpp"
#include "room_tail_steps.hpp"

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class redis_room_tails_test : public redis_fixture {
 protected:
  bus_node keeping_node(std::uint32_t tail_entries = 1'000, const std::string& user = "") {
    auto options = options_for(server->url(user));
    options.tail_entries = tail_entries;
    auto made = redis_node(options);
    begin(made);
    append(made, make_batch(room_id(numbered_uuid(999)), 1));
    return made;
  }
  std::vector<std::string> page(const bus_node& of, sequence after, sequence end, std::uint32_t count = 100) {
    return read_tail(*of.stream->open_tails(), {room, after, count, end});
  }
  /// All that Redis has of rooms' tails.
  [[nodiscard]] std::string everything_kept() const {
    return server->run({"XRANGE", tail, "-", "+"}) + server->run({"HGETALL", tail + ":early"});
  }

  const std::string tail = "parley:room:{" + to_string(numbered_uuid(1)) + "}";
};

TEST_F(redis_room_tails_test, each_event_is_an_entry_that_its_seq_names) {
  auto here = keeping_node();
  append(here, said(room, 7, 3));
  EXPECT_EQ(tail_key(room), tail);
  EXPECT_EQ(server->run({"XLEN", tail}), "3");
  EXPECT_THAT(server->run({"XRANGE", tail, "8-0", "8-0"}), HasSubstr("hello"));
  EXPECT_THROW(server->run({"XADD", tail, "9-0", "m", "x"}), std::runtime_error);
}

TEST_F(redis_room_tails_test, a_tail_goes_when_its_room_is_silent_and_each_event_renews_it) {
  auto here = keeping_node();
  append(here, said(room, 1));
  EXPECT_GT(std::stoi(server->run({"TTL", tail})), 86'000);
  server->run({"EXPIRE", tail, "100"});
  append(here, said(room, 2));
  EXPECT_GT(std::stoi(server->run({"TTL", tail})), 86'000);
  append(here, said(room, 4));
  EXPECT_GT(std::stoi(server->run({"TTL", tail + ":early"})), 86'000);
}

TEST_F(redis_room_tails_test, a_tail_keeps_about_as_many_events_as_told_and_its_pages_stay_whole) {
  auto here = keeping_node(100);
  for (sequence seq = 1; seq <= 1'000; seq += 10) append(here, said(room, seq, 10));
  const auto kept = std::stoi(server->run({"XLEN", tail}));
  EXPECT_GE(kept, 100);
  EXPECT_LE(kept, 200);
  EXPECT_THAT(page(here, 0, 1'000), ElementsAre("missing"));
  EXPECT_THAT(page(here, 1'000 - kept - 1, 1'000), ElementsAre("missing"));
  EXPECT_EQ(page(here, 1'000 - kept, 1'000, 1'000).size(), static_cast<std::size_t>(kept));
}

/// To look for the message through all of it would keep the other rooms waiting.
TEST_F(redis_room_tails_test, a_change_of_what_is_far_back_ends_the_tail_which_begins_anew) {
  auto here = keeping_node();
  append(here, said(room, 1, 400));
  append(here, deleted(room, 401, 250));
  EXPECT_EQ(server->run({"XLEN", tail}), "400") << "near enough";
  append(here, deleted(room, 402, 2));
  EXPECT_EQ(server->run({"XLEN", tail}), "1");
  append(here, said(room, 403));
  EXPECT_THAT(page(here, 401, 403), ElementsAre("402 deletion", "403 hello"));
  EXPECT_THAT(page(here, 400, 403), ElementsAre("missing"));
}

TEST_F(redis_room_tails_test, without_tails_nothing_is_kept) {
  auto here = keeping_node(0);
  append(here, said(room, 1));
  EXPECT_EQ(server->run({"KEYS", "parley:room:*"}), "");
  EXPECT_THAT(page(here, 0, 1), ElementsAre("missing"));
}

TEST_F(redis_room_tails_test, of_what_was_deleted_a_tail_keeps_nothing) {
  auto here = keeping_node();
  auto there = keeping_node();
  append(here, said(room, 1, 1, "s3cret"));
  append(there, edited(room, 2, 1, "s3cret too"));
  append(here, deleted(room, 3, 1));
  EXPECT_THAT(everything_kept(), Not(HasSubstr("s3cret")));
  // Among what waits for a hole to close.
  append(here, said(room, 5, 1, "s3cret"));
  EXPECT_THAT(everything_kept(), HasSubstr("s3cret"));
  append(there, deleted(room, 7, 5));
  EXPECT_THAT(everything_kept(), Not(HasSubstr("s3cret")));
  append(here, said(room, 6));
  append(here, said(room, 5, 1, "s3cret"));
  EXPECT_THAT(everything_kept(), Not(HasSubstr("s3cret")));
}

TEST_F(redis_room_tails_test, what_was_stored_before_a_loss_enters_no_tail_after_it) {
  const auto lose = std::vector<std::function<void()>>{[&] { server->run({"FLUSHALL"}); },
                                                       [&] {
                                                         server->kill();
                                                         server->start();
                                                       }};
  for (const auto& lost : lose) {
    auto late = keeping_node();
    auto here = keeping_node();
    const auto old = said(room, 1, 1, "s3cret");
    append(here, old);
    append(here, deleted(room, 2, 1));
    lost();
    for (int tries = 0; tries < 5; ++tries) {
      // A connection that broke, or an epoch that nobody has set yet, or one that this node has not seen.
      (void)late.writer->append(std::vector{old});
      EXPECT_EQ(server->run({"EXISTS", tail, tail + ":early"}), "0") << tries;
      if (tries != 1) continue;
      for (int reads = 0; reads < 2; ++reads) (void)here.reader->read(std::chrono::milliseconds(0));
      EXPECT_EQ(server->run({"EXISTS", epoch_key}), "1");
    }
    append(late, said(room, 3));
    EXPECT_THAT(page(here, 2, 3), ElementsAre("3 hello")) << "and from then on all goes on";
  }
}

TEST_F(redis_room_tails_test, a_message_that_comes_when_its_deletion_is_forgotten_is_given_to_nobody_who_knows_of_it) {
  auto here = keeping_node();
  auto there = keeping_node();
  append(here, said(room, 1));
  append(there, deleted(room, 3, 2));
  server->run({"DEL", tail, tail + ":early"});  // As a Redis does that is short of memory.
  append(here, said(room, 2));
  EXPECT_THAT(page(here, 1, 3), ElementsAre("behind"));
  append(there, said(room, 4));
  EXPECT_THAT(page(here, 1, 4), ElementsAre("behind"));
}

TEST_F(redis_room_tails_test, a_hole_that_does_not_close_is_given_up) {
  auto here = keeping_node();
  append(here, said(room, 1));
  append(here, said(room, 3));
  append(here, said(room, 4));
  EXPECT_THAT(page(here, 2, 4), ElementsAre("behind"));
  server->run({"HINCRBY", tail + ":early", "since", "-2"});
  append(here, said(room, 5));
  EXPECT_THAT(page(here, 2, 5), ElementsAre("3 hello", "4 hello", "5 hello"));
  EXPECT_THAT(page(here, 0, 5), ElementsAre("missing")) << "what comes late has no place any more";
  append(here, said(room, 2));
  EXPECT_THAT(page(here, 1, 5), ElementsAre("missing"));
  EXPECT_EQ(server->run({"EXISTS", tail + ":early"}), "0");
}

TEST_F(redis_room_tails_test, what_waits_for_a_hole_to_close_is_bounded) {
  auto here = keeping_node();
  append(here, said(room, 1));
  append(here, said(room, 3, 500));
  EXPECT_THAT(page(here, 2, 502), ElementsAre("behind"));
  append(here, said(room, 504));
  EXPECT_THAT(page(here, 502, 504), ElementsAre("missing"));
  EXPECT_THAT(page(here, 503, 504), ElementsAre("504 hello"));
  EXPECT_EQ(server->run({"EXISTS", tail + ":early"}), "0");
}

TEST_F(redis_room_tails_test, another_log_in_place_of_the_former_begins_a_tail_anew) {
  auto here = keeping_node();
  append(here, said(room, 1, 5, "lost"));
  append(here, said(room, 4, 1, "restored"));
  EXPECT_THAT(page(here, 3, 4), ElementsAre("4 restored"));
  EXPECT_THAT(everything_kept(), Not(HasSubstr("lost")));
}

TEST_F(redis_room_tails_test, what_cannot_be_read_ends_a_page_and_is_logged_once) {
  auto here = keeping_node();
  append(here, said(room, 1, 2));
  const auto stranger = server->run({"XRANGE", tail, "1-0", "1-0"});
  server->run({"XADD", tail, "3-0", "m", "o", "e", "\2s3cret"});
  server->run({"XADD", tail, "4-0", "whatever", "s3cret"});
  server->run({"XADD", tail, "5-0", "m", "o", "e", stranger.substr(stranger.find("\ne\n") + 3)});
  captured_log log;
  const auto tails = here.stream->open_tails();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(read_tail(*tails, {room, 1, 100, 5}), ElementsAre("2 hello"));
  for (sequence after = 2; after < 5; ++after) {
    const auto pages = expect_value(tails->read(std::vector{tail_question{room, after, 100, 5}}));
    EXPECT_EQ(pages.front().what, tail_page::kind::missing) << after;
    EXPECT_EQ(pages.front().unreadable, 1U);
  }
  const auto lines = log.take();
  EXPECT_THAT(lines, HasSubstr("entry 3-0 of " + tail + " cannot be read"));
  EXPECT_THAT(lines, Not(HasSubstr("s3cret")));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
}

TEST_F(redis_room_tails_test, a_script_that_redis_forgot_is_taught_again) {
  auto here = keeping_node();
  append(here, said(room, 1));
  server->run({"SCRIPT", "FLUSH"});
  append(here, said(room, 2));
  append(here, said(room, 3));
  EXPECT_THAT(page(here, 0, 3), ElementsAre("behind"));
  append(here, said(room, 4));
  server->run({"HINCRBY", tail + ":early", "since", "-2"});
  append(here, said(room, 5));
  EXPECT_THAT(page(here, 3, 5), ElementsAre("4 hello", "5 hello"));
}

TEST_F(redis_room_tails_test, a_user_who_may_not_keep_them_is_told_once_and_news_go_on) {
  server->run({"ACL", "SETUSER", "few", "on", ">pw", "~*", "+@all", "-evalsha", "-script"});
  captured_log log;
  auto here = keeping_node(1'000, "few:pw");
  auto there = node();
  begin(there);
  for (sequence seq = 1; seq < 4; ++seq) append(here, said(room, seq));
  EXPECT_THAT(seqs_of(hear(there, 3), room), ElementsAre(1, 2, 3));
  EXPECT_EQ(server->run({"EXISTS", tail}), "0");
  const auto lines = log.take();
  EXPECT_NE(lines.find("NOPERM"), std::string::npos);
  EXPECT_EQ(lines.find("NOPERM"), lines.rfind("NOPERM"));
}

TEST_F(redis_room_tails_test, news_and_tails_go_in_one_round_trip) {
  auto here = keeping_node();
  append(here, said(room, 1));
  const auto reads = [&] {
    const auto text = server->run({"INFO", "stats"});
    return std::stoll(text.substr(text.find("total_reads_processed:") + 22));
  };
  const auto begun = reads();
  const auto quiet = reads();
  append(here, {said(room, 2), said(room_id(numbered_uuid(2)), 1)});
  EXPECT_EQ(reads() - quiet, quiet - begun + 1);
  EXPECT_THAT(page(here, 0, 2), ElementsAre("1 hello", "2 hello"));
}

}  // namespace
}  // namespace parley::test
