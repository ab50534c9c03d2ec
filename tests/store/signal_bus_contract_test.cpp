// What the signals' ports promise, whoever implements them.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "database_fixture.hpp"
#include "signal_bus_fixture.hpp"
#include "support/redis_server.hpp"
#include "support/shortest_of_three.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class signal_bus_contract : public testing::TestWithParam<signals_kind> {
 protected:
  void SetUp() override {
    if (GetParam().needs_redis && !support::redis_server::is_installed()) {
      GTEST_SKIP() << "redis-server is not here; ./dev install --redis";
    }
    bus = GetParam().make();
    here.emplace(bus->open_node());
    there.emplace(bus->open_node());
  }
  /// What comes to who attends to `room`, up to a signal that is sent now.
  std::vector<std::string> heard_there() {
    publish(*here, {typing_in(room, 99)});
    auto heard = listen_until(
        *there, [](const auto& sum) { return !sum.signals.empty() && texts_of(sum).back() == "typing 99"; });
    heard.signals.pop_back();
    return texts_of(heard);
  }
  /// A word from the bus just now: who has not heard any for a second asks for one, which ends a listen() early.
  void hear_from_bus() {
    there->subscriber->attend(numbered_uuid(1'000 + ++asked));
    settle(*there, 1 + asked);
  }

  const uuid room = numbered_uuid(1);
  const uuid other_room = numbered_uuid(2);
  std::unique_ptr<signals_under_test> bus;
  std::optional<signal_node> here;
  std::optional<signal_node> there;
  std::size_t asked = 0;
};

TEST_P(signal_bus_contract, who_attends_hears_every_kind_as_it_went_and_in_order) {
  attend(*there, {room});
  const user_id ann(numbered_uuid(7));
  publish(*here, {{room, typing_signal{ann, true}}, {room, typing_signal{ann, false}}});
  publish(*here, {{room, read_signal{ann, 1'000'000'000'000}}});
  const auto heard = listen_for(*there, 3);
  EXPECT_THAT(texts_of(heard), ElementsAre("typing 7", "typed 7", "read 7 1000000000000"));
  for (const auto& each : heard.signals) EXPECT_EQ(each.subject, room);
}

TEST_P(signal_bus_contract, nobody_hears_what_he_does_not_attend_to) {
  attend(*there, {room});
  publish(*here, {typing_in(other_room, 1)});
  EXPECT_THAT(heard_there(), IsEmpty());
}

TEST_P(signal_bus_contract, what_is_left_is_heard_no_more_and_may_be_attended_to_again) {
  attend(*there, {room, other_room});
  there->subscriber->leave(other_room);
  settle(*there, 1);
  publish(*here, {typing_in(other_room, 1)});
  EXPECT_THAT(heard_there(), IsEmpty());
  there->subscriber->attend(other_room);
  settle(*there, 2);
  publish(*here, {typing_in(other_room, 2)});
  EXPECT_THAT(heard_there(), ElementsAre("typing 2"));
}

TEST_P(signal_bus_contract, changes_that_undo_one_another_before_they_are_told_leave_nothing_behind) {
  attend(*there, {room});
  there->subscriber->leave(room);
  there->subscriber->attend(room);
  there->subscriber->attend(other_room);
  there->subscriber->leave(other_room);
  there->subscriber->leave(other_room);
  settle(*there, 1);
  publish(*here, {typing_in(other_room, 1), typing_in(room, 2)});
  EXPECT_THAT(heard_there(), ElementsAre("typing 2"));
}

TEST_P(signal_bus_contract, a_node_does_not_hear_itself) {
  attend(*here, {room});
  attend(*there, {room});
  publish(*here, {typing_in(room, 1)});
  publish(*there, {typing_in(room, 2)});
  EXPECT_THAT(texts_of(listen_for(*here, 1)), ElementsAre("typing 2"));
  EXPECT_THAT(heard_there(), ElementsAre("typing 1"));
}

TEST_P(signal_bus_contract, all_who_attend_hear) {
  signal_node third(bus->open_node());
  attend(*there, {room});
  attend(third, {room});
  publish(*here, {typing_in(room, 1)});
  EXPECT_THAT(texts_of(listen_for(*there, 1)), ElementsAre("typing 1"));
  EXPECT_THAT(texts_of(listen_for(third, 1)), ElementsAre("typing 1"));
}

TEST_P(signal_bus_contract, what_nobody_attends_to_is_published_all_the_same) {
  publish(*here, {typing_in(room, 1)});
  publish(*here, {});
}

TEST_P(signal_bus_contract, what_cannot_be_read_is_counted_and_costs_nobody_the_rest) {
  attend(*there, {room});
  bus->add_unreadable(room);
  publish(*here, {typing_in(room, 1)});
  const auto heard = listen_until(*there, [](const auto& sum) { return sum.unreadable > 0 && !sum.signals.empty(); });
  EXPECT_EQ(heard.unreadable, 1U);
  EXPECT_THAT(texts_of(heard), ElementsAre("typing 1"));
}

TEST_P(signal_bus_contract, a_hint_comes_to_the_others_and_to_who_may_have_missed_one) {
  EXPECT_TRUE(attend(*here, {room}).hint) << "who connects may have missed one";
  EXPECT_TRUE(attend(*there, {room}).hint);
  EXPECT_THAT(heard_there(), IsEmpty());
  expect_value(here->publisher->publish_hint());
  EXPECT_TRUE(listen_until(*there, [](const auto& sum) { return sum.hint; }).hint);
  publish(*there, {typing_in(room, 1)});
  EXPECT_FALSE(listen_for(*here, 1).hint) << "one's own";
  expect_value(here->publisher->publish_hint());
  expect_value(here->publisher->publish_hint());
  EXPECT_TRUE(listen_until(*there, [](const auto& sum) { return sum.hint; }).hint);
}

TEST_P(signal_bus_contract, a_bus_that_does_not_answer_is_unavailable_in_time_and_attended_to_anew_when_it_is_back) {
  bus->hurry();
  here.emplace(bus->open_node());
  there.emplace(bus->open_node());
  attend(*there, {room, other_room});
  bus->set_up(false);
  const auto begun = steady_clock::now();
  const auto published = here->publisher->publish(std::vector{typing_in(room, 1)});
  ASSERT_TRUE(published.has_error());
  EXPECT_EQ(published.error().code, error_code::unavailable);
  EXPECT_TRUE(here->publisher->publish_hint().has_error());
  auto heard = there->subscriber->listen(milliseconds(1'000));
  while (heard.has_value() && steady_clock::now() < begun + std::chrono::seconds(12)) {
    heard = there->subscriber->listen(milliseconds(1'000));
  }
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(10));
  ASSERT_TRUE(heard.has_error());
  EXPECT_EQ(heard.error().code, error_code::unavailable);
  there->subscriber->leave(other_room);
  bus->set_up(true);
  EXPECT_TRUE(listen_until(*there, [](const auto& sum) { return sum.subjects == 1 && sum.hint; }).hint)
      << "a hint may have been missed";
  publish(*here, {typing_in(other_room, 2), typing_in(room, 3)});
  EXPECT_THAT(heard_there(), testing::Contains("typing 3"));
}

TEST_P(signal_bus_contract, thousands_are_attended_to_at_once) {
  std::vector<uuid> subjects;
  for (std::uint64_t i = 0; i < 2'500; ++i) subjects.push_back(numbered_uuid(10'000 + i));
  attend(*there, subjects);
  std::vector<ephemeral_signal> signals;
  signals.reserve(subjects.size());
  for (const auto& each : subjects) signals.push_back(typing_in(each));
  publish(*here, signals);
  EXPECT_THAT(listen_for(*there, signals.size()).signals, SizeIs(signals.size()));
  for (const auto& each : subjects) there->subscriber->leave(each);
  settle(*there, 0);
}

TEST_P(signal_bus_contract, a_listen_waits_but_no_longer_than_told) {
  attend(*there, {room});
  const auto listen = [&](milliseconds patience) {
    EXPECT_THAT(expect_value(there->subscriber->listen(patience)).signals, IsEmpty());
  };
  const auto took = support::shortest_of_three([&] {
    hear_from_bus();
    listen(milliseconds(150));
    listen(milliseconds(0));
    listen(milliseconds(-5));
  });
  EXPECT_GE(took, milliseconds(140));
  EXPECT_LT(took, milliseconds(600)) << "what is not to wait waited";
  const auto begun = steady_clock::now();
  listen(std::chrono::hours(1));
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(30)) << "a second, and not an hour";
}

TEST_P(signal_bus_contract, who_is_woken_listens_no_longer) {
  attend(*there, {room});
  const auto wake = there->subscriber->waker();
  const auto by_a_call_before_it = support::shortest_of_three([&] {
    hear_from_bus();
    wake();
    expect_value(there->subscriber->listen(milliseconds(900)));
  });
  EXPECT_LT(by_a_call_before_it, milliseconds(500));
  const auto by_one_meanwhile = support::shortest_of_three([&] {
    hear_from_bus();
    std::promise<void> is_listening;
    std::jthread other([&] {
      is_listening.get_future().wait();
      wake();
    });
    is_listening.set_value();
    expect_value(there->subscriber->listen(milliseconds(900)));
  });
  EXPECT_LT(by_one_meanwhile, milliseconds(500));
  there->subscriber.reset();
  wake();
}

INSTANTIATE_TEST_SUITE_P(kinds, signal_bus_contract, testing::ValuesIn(signals_kinds()), name_of_signals);

}  // namespace
}  // namespace parley::test
