// Shards over real sockets: who gets what of a batch, in which order, and what their sessions are told.
#include <gtest/gtest.h>

#include <future>

#include "net/loopback/test_node.hpp"

namespace parley {
namespace {

using namespace test;

room_id a_room(std::uint8_t number = 1) {
  uuid value;
  value.bytes[15] = number;
  return room_id(value);
}
user_id a_user(std::uint8_t number) {
  uuid value;
  value.bytes[15] = number;
  return user_id(value);
}

std::shared_ptr<encoded_batch> batch_of(sequence first_seq, const std::vector<std::string>& events) {
  auto batch = std::make_shared<encoded_batch>();
  batch->room = a_room();
  batch->first_seq = first_seq;
  for (const auto& event : events) {
    batch->bytes += *text_frame(event);
    batch->ends.push_back(static_cast<std::uint32_t>(batch->bytes.size()));
  }
  return batch;
}

class delivery_over_sockets : public testing::Test {
 protected:
  /// Connects the i-th client, counted from 0, and attaches it at `position`.
  std::unique_ptr<test_client> join(std::size_t index, sequence position) {
    auto client = std::make_unique<test_client>(node.port());
    refs.push_back(node.broker.session(index)->request.connection);
    attach(index, position);
    return client;
  }
  void attach(std::size_t index, sequence position, shared_bytes before = nullptr) {
    node.out().attach(refs[index], {a_room(), a_user(static_cast<std::uint8_t>(index)), position, std::move(before)});
  }
  void deliver(const std::shared_ptr<encoded_batch>& batch, const std::vector<placed_answer>& answers = {}) {
    for (std::uint32_t shard = 0; shard < node.out().shard_count(); ++shard) {
      room_delivery what{batch, {}, {}};
      for (const auto& answer : answers) {
        if (answer.to.shard == shard) what.answers.push_back(answer);
      }
      node.out().deliver(shard, std::move(what));
    }
  }
  void say(std::size_t index, std::string_view text) { node.out().send(refs[index], plain_frame(text)); }

  test_node node;
  std::vector<connection_ref> refs;
};

TEST_F(delivery_over_sockets, everybody_attached_gets_the_batch_in_order) {
  const auto one = join(0, 0), two = join(1, 0);
  deliver(batch_of(1, {"a", "b"}));
  deliver(batch_of(3, {"c"}));
  for (const auto& client : {one.get(), two.get()}) {
    for (const char* expected : {"a", "b", "c"}) EXPECT_EQ(client->receive(), expected);
  }
}

TEST_F(delivery_over_sockets, the_sender_gets_its_ack_in_the_events_place) {
  const auto one = join(0, 0), two = join(1, 0);
  deliver(batch_of(1, {"a", "b", "c"}), {{refs[0], 1, true, text_frame("ack b")}});
  for (const char* expected : {"a", "ack b", "c"}) EXPECT_EQ(one->receive(), expected);
  for (const char* expected : {"a", "b", "c"}) EXPECT_EQ(two->receive(), expected);
}

TEST_F(delivery_over_sockets, who_is_not_attached_gets_its_answers_at_once_and_no_event) {
  const auto one = join(0, 0);
  node.out().detach(refs[0], a_room());
  deliver(batch_of(1, {"a", "b"}), {{refs[0], 0, true, text_frame("ack a")}, {refs[0], 2, false, text_frame("no")}});
  say(0, "end");
  for (const char* expected : {"ack a", "no", "end"}) EXPECT_EQ(one->receive(), expected);
}

TEST_F(delivery_over_sockets, replay_then_live_without_hole_or_repeat) {
  const auto one = join(0, 99);
  node.out().detach(refs[0], a_room());
  attach(0, 2, std::make_shared<const std::string>(*text_frame("1") + *text_frame("2")));
  deliver(batch_of(1, {"1", "2", "3"}));
  deliver(batch_of(4, {"4"}));
  for (const char* expected : {"1", "2", "3", "4"}) EXPECT_EQ(one->receive(), expected);
}

TEST_F(delivery_over_sockets, a_leaver_gets_nothing_from_its_departure_on) {
  const auto one = join(0, 0), two = join(1, 0);
  const auto batch = batch_of(1, {"a", "left", "c"});
  batch->departures.push_back({a_user(0), 1});
  deliver(batch);
  deliver(batch_of(4, {"d"}));
  say(0, "end");
  for (const char* expected : {"a", "end"}) EXPECT_EQ(one->receive(), expected);
  for (const char* expected : {"a", "left", "c", "d"}) EXPECT_EQ(two->receive(), expected);
}

TEST_F(delivery_over_sockets, a_broadcast_spares_its_user) {
  const auto one = join(0, 0), two = join(1, 0);
  for (std::uint32_t shard = 0; shard < node.out().shard_count(); ++shard) {
    node.out().broadcast(shard, {a_room(), text_frame("typing"), a_user(0)});
  }
  say(0, "end");
  EXPECT_EQ(one->receive(), "end");
  EXPECT_EQ(two->receive(), "typing");
}

TEST(delivery, drops_broadcasts_above_the_bound_of_a_shard_that_lags_but_nothing_else) {
  config settings;
  settings.net.broadcast_queue = 2;
  test_node node(settings);
  test_client client(node.port());
  const auto to = node.broker.session(0)->request.connection;
  node.out().attach(to, {a_room(), a_user(0), 0, nullptr});
  std::promise<void> lagging, go_on;
  node.out().deliver(to.shard, {batch_of(1, {"a"}), {}, [&] {
                                  lagging.set_value();
                                  go_on.get_future().wait();
                                }});
  lagging.get_future().wait();
  for (int i = 0; i < 5; ++i) node.out().broadcast(to.shard, {a_room(), text_frame("typing"), {}});
  EXPECT_EQ(node.counts.broadcast_queue.value(), 2);
  EXPECT_EQ(node.counts.ephemeral_dropped_total.value(), 3U);
  for (int i = 0; i < 5; ++i) node.out().send(to, plain_frame("answer"));
  go_on.set_value();
  EXPECT_EQ(client.receive(), "a");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client.receive(), "typing");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.receive(), "answer");
  EXPECT_EQ(node.counts.broadcast_queue.value(), 0);
}

TEST_F(delivery_over_sockets, a_batch_says_when_its_sockets_were_tried) {
  const auto one = join(0, 0);
  std::promise<void> tried;
  node.out().deliver(refs[0].shard, {batch_of(1, {"a"}), {}, [&] { tried.set_value(); }});
  EXPECT_EQ(tried.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(one->receive(), "a");
}

TEST_F(delivery_over_sockets, a_failed_room_is_told_to_each_session_with_its_position) {
  const auto one = join(0, 0), two = join(1, 0);
  deliver(batch_of(1, {"a", "b"}));
  node.out().attach(refs[1], {a_room(), a_user(1), 7, nullptr});
  node.out().fail_room(a_room());
  const auto failed = [&](std::size_t index, sequence position) {
    const auto session = node.broker.session(index);
    return node.broker.wait(
        [&](const auto&) { return session->failed_rooms == std::vector{std::pair(a_room(), position)}; });
  };
  EXPECT_TRUE(failed(0, 2));
  EXPECT_TRUE(failed(1, 7));
  deliver(batch_of(3, {"c"}));
  say(0, "end");
  for (const char* expected : {"a", "b", "end"}) EXPECT_EQ(one->receive(), expected);
}

TEST_F(delivery_over_sockets, closing_sends_what_waits_then_the_code_and_nothing_more) {
  const auto one = join(0, 0);
  say(0, "last");
  node.out().close(refs[0], close_code::token_ended);
  say(0, "too late");
  deliver(batch_of(1, {"too late"}));
  EXPECT_EQ(one->receive(), "last");
  EXPECT_EQ(one->receive(), "");
  EXPECT_EQ(one->code(), static_cast<int>(close_code::token_ended));
  EXPECT_TRUE(eventually([&] { return node.counts.connections.value() == 0; }));
}

TEST_F(delivery_over_sockets, a_revocation_drops_what_waits_and_is_told_when_the_peer_has_its_last_byte) {
  const auto one = join(0, 0);
  const auto& who = node.broker.session(0)->request.who;
  token_hash anothers = who.token;
  anothers.bytes[0] ^= 1U;
  std::promise<void> spared, ended;
  node.out().revoke({who.user.id, {{anothers}}, close_code::token_ended},
                    std::shared_ptr<void>(nullptr, [&](void*) { spared.set_value(); }));
  spared.get_future().wait();
  say(0, "still there");
  EXPECT_EQ(one->receive(), "still there");
  node.out().revoke({who.user.id, {}, close_code::not_allowed},
                    std::shared_ptr<void>(nullptr, [&](void*) { ended.set_value(); }));
  say(0, "too late");
  EXPECT_EQ(one->receive(), "");
  EXPECT_EQ(one->code(), static_cast<int>(close_code::not_allowed));
  EXPECT_EQ(ended.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

/// One that has closed, and does not read what the node still owes it, gets no more of it either.
TEST(revocation, reaches_sockets_that_take_nothing_and_those_that_are_only_ending) {
  for (const bool closes_first : {false, true}) {
    test_node node;
    test_client client(node.port(), false, 4'096);
    const auto session = node.broker.session(0);
    const auto to = session->request.connection;
    constexpr int frames = 60;
    for (int i = 0; i < frames; ++i) node.out().send(to, plain_frame(std::string(16 * 1024, 'x')));
    if (closes_first) node.out().close(to, close_code::too_many_bad_frames);
    std::promise<void> queued, ended;
    node.out().deliver(to.shard, {std::make_shared<encoded_batch>(), {}, [&] { queued.set_value(); }});
    queued.get_future().wait();
    node.out().revoke({session->request.who.user.id, {}, close_code::not_allowed},
                      std::shared_ptr<void>(nullptr, [&](void*) { ended.set_value(); }));
    EXPECT_EQ(ended.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    int received = 0;
    while (client.receive().size() == 16U * 1024) ++received;
    EXPECT_LT(received, frames / 2) << "what the client's own buffer held, and no more";
    EXPECT_TRUE(eventually([&] { return node.counts.connections.value() == 0; }));
  }
}

TEST_F(delivery_over_sockets, a_dead_connection_swallows_what_is_sent_and_calls_back) {
  { const auto one = join(0, 0); }
  ASSERT_TRUE(node.broker.wait([](const auto& all) { return all.at(0)->ended; }));
  std::promise<void> drained, tried;
  node.out().send(refs[0], plain_frame("nobody"), [&] { drained.set_value(); });
  node.out().deliver(refs[0].shard,
                     {batch_of(1, {"a"}), {{refs[0], 0, true, text_frame("ack")}}, [&] { tried.set_value(); }});
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(tried.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(delivery_over_sockets, a_page_calls_for_the_next_when_little_waits) {
  const auto one = join(0, 0);
  std::promise<void> drained;
  node.out().send(refs[0], plain_frame("page"), [&] { drained.set_value(); });
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(one->receive(), "page");
}

TEST_F(delivery_over_sockets, many_rooms_and_batches_gather_into_few_writes) {
  const auto one = join(0, 0);
  constexpr int events = 2'000;
  std::thread reader([&] {
    for (int i = 1; i <= events; ++i) ASSERT_EQ(one->receive(), std::to_string(i));
  });
  for (int i = 1; i <= events; i += 10) {
    std::vector<std::string> texts;
    for (int j = i; j < i + 10; ++j) texts.push_back(std::to_string(j));
    deliver(batch_of(i, texts));
  }
  reader.join();
  EXPECT_TRUE(eventually([&] { return node.counts.frames_sent_total.value() >= events; }));
  EXPECT_LE(node.counts.socket_writes_total.value(), events / 10 + 10);
}

// --- While the node cannot know what ended elsewhere ---

TEST_F(delivery_over_sockets, what_would_show_events_waits_until_the_lease_holds_again_in_order) {
  const auto one = join(0, 0);
  deliver(batch_of(1, {"a"}));
  EXPECT_EQ(one->receive(), "a");
  node.lease.expire();
  deliver(batch_of(2, {"b"}));
  node.out().send(refs[0], {text_frame("page"), 1, 0});
  node.out().detach(refs[0], a_room());
  node.out().send(refs[0], answer_frame("ack of a resume"));
  attach(0, 2, text_frame("the ring's rest"));
  deliver(batch_of(3, {"c"}));
  auto refusal = answer_frame("an error");
  refusal.is_error = true;
  node.out().send(refs[0], refusal);
  EXPECT_EQ(one->receive(), "an error") << "errors do not wait";
  EXPECT_GE(node.counts.deliveries_held.value(), 6);
  node.extend_lease();
  for (const char* expected : {"b", "page", "ack of a resume", "the ring's rest", "c"}) {
    EXPECT_EQ(one->receive(), expected);
  }
  EXPECT_TRUE(eventually([&] { return node.counts.deliveries_held.value() == 0; }));
}

TEST_F(delivery_over_sockets, signals_of_a_room_do_not_wait_but_are_dropped) {
  const auto one = join(0, 0);
  node.lease.expire();
  const auto dropped = node.counts.ephemeral_dropped_total.value();
  for (std::uint32_t shard = 0; shard < node.out().shard_count(); ++shard) {
    node.out().broadcast(shard, {a_room(), text_frame("typing"), {}});
  }
  EXPECT_TRUE(
      eventually([&] { return node.counts.ephemeral_dropped_total.value() == dropped + node.out().shard_count(); }));
  EXPECT_EQ(node.counts.broadcast_queue.value(), 0);
  node.extend_lease();
  say(0, "later");
  EXPECT_EQ(one->receive(), "later");
}

TEST_F(delivery_over_sockets, presence_waits_since_it_is_told_once) {
  const auto one = join(0, 0);
  const auto presence = [](const std::string& text) {
    return outgoing{.frames = text_frame(text), .ephemeral = true, .is_told_once = true};
  };
  node.lease.expire();
  const auto dropped = node.counts.ephemeral_dropped_total.value();
  node.out().send(refs[0], presence("somebody went off"));
  node.out().send(refs[0], {.frames = text_frame("read so far"), .ephemeral = true});
  deliver(batch_of(1, {"a"}));
  constexpr int changes = 1'500;  // more than an outbox takes at once
  for (int i = 0; i < changes; ++i) node.out().send(refs[0], presence(std::to_string(i)));
  EXPECT_TRUE(eventually([&] { return node.counts.deliveries_held.value() >= changes + 2; }));
  EXPECT_EQ(node.counts.ephemeral_dropped_total.value(), dropped + 1) << "the marker";
  node.extend_lease();
  for (const char* expected : {"somebody went off", "a"}) ASSERT_EQ(one->receive(), expected);
  for (int i = 0; i < changes; ++i) ASSERT_EQ(one->receive(), std::to_string(i));
}

TEST_F(delivery_over_sockets, who_is_revoked_meanwhile_gets_nothing_of_what_waited) {
  const auto one = join(0, 0);
  node.lease.expire();
  deliver(batch_of(1, {"not for everybody"}));
  const auto& who = node.broker.session(0)->request.who;
  node.out().revoke({who.user.id, {{who.token}}, close_code::token_ended}, nullptr);
  EXPECT_EQ(one->receive(), "");
  EXPECT_EQ(one->code(), 4401);
}

}  // namespace
}  // namespace parley
