// A trace over two nodes: what each knows, who does not answer, and an end to waiting.
#include <gmock/gmock.h>

#include "operator_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Traces : public operator_fixture {
 protected:
  Traces() {
    const message_trace::stored stored{message_, 7, here_.time.steady_now()};
    here_.counts.last_messages.note_stored(room_, {&stored, 1}, 3, here_.time.steady_now(), here_.time.steady_now(),
                                           here_.time.now());
    const message_trace::heard heard{message_, 7};
    there_.counts.last_messages.note_heard(room_, {&heard, 1}, message_origin::bus, there_.time.steady_now(),
                                           there_.time.now());
    there_.counts.last_messages.note_delivered(room_, 7, 1, 4, there_.time.steady_now());
  }
  awaited<message_life> ask(actor_world& on, message_id message) {
    awaited<message_life> asked;
    caf::anon_send(on.services->tracer, trace_everywhere{{{message}, asked.reply()}});
    on.run();
    return asked;
  }
  /// `NODE ORIGIN CONNECTIONS` of each.
  static std::vector<std::string> story(const message_life& life) {
    std::vector<std::string> lines;
    for (const auto& node : life.nodes) {
      lines.push_back(node.name + (node.known ? " " + std::string(to_string(node.known->origin)) + " " +
                                                    std::to_string(node.known->connections)
                                              : " knows nothing"));
    }
    return lines;
  }
  const message_id message_ = id_of<message_id>(9);
};

TEST_F(Traces, EveryNodeTellsWhatItKnowsAndNobodyWaitsLongerThanForTheLast) {
  const auto asked = ask(here_, message_);
  EXPECT_FALSE(asked.done()) << "the other node has not answered yet";
  listen();
  listen();
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(story(asked.value()), ElementsAre("here accepted 0", "there bus 4"));
  EXPECT_THAT(asked.value().silent, IsEmpty());
  EXPECT_TRUE(asked.value().are_nodes_known);
  EXPECT_EQ(asked.value().nodes[1].known->room, room_);
}

TEST_F(Traces, ItIsTheSameOnWhicheverNodeOneAsks) {
  const auto asked = ask(there_, message_);
  listen();
  listen();
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(story(asked.value()), ElementsAre("there bus 4", "here accepted 0"));
}

TEST_F(Traces, ANodeThatKnowsNothingSaysSo) {
  const auto asked = ask(here_, id_of<message_id>(10));
  listen();
  listen();
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(story(asked.value()), ElementsAre("here knows nothing", "there knows nothing"));
}

TEST_F(Traces, WhoDoesNotAnswerInTimeIsNamed) {
  signals_.set_up(false);
  const auto asked = ask(here_, message_);
  listen();
  here_.advance(milliseconds(499));
  EXPECT_FALSE(asked.done());
  here_.advance(milliseconds(1));
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(story(asked.value()), ElementsAre("here accepted 0"));
  EXPECT_THAT(asked.value().silent, ElementsAre("there"));
}

TEST_F(Traces, AnAnswerThatComesLateIsNobodys) {
  const auto asked = ask(here_, message_);
  here_.advance(milliseconds(500));
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(asked.value().silent, ElementsAre("there"));
  listen();
  listen();
  const auto again = ask(here_, message_);
  listen();
  listen();
  EXPECT_THAT(story(again.value()), ElementsAre("here accepted 0", "there bus 4"));
}

TEST_F(Traces, WhenTheStoreDoesNotSayWhichNodesThereAreTheAnswerSaysThat) {
  store().reads_work = false;
  const auto asked = ask(here_, message_);
  listen();
  listen();
  EXPECT_FALSE(asked.done());
  here_.advance(milliseconds(500));
  ASSERT_TRUE(asked.ok());
  EXPECT_FALSE(asked.value().are_nodes_known);
  EXPECT_EQ(asked.value().nodes.size(), 2U) << "and who answered is there all the same";
}

/// Channels belong to no database of Redis.
TEST_F(Traces, NodesOfAnotherClusterOnTheSameRedisAreNoneOfTheAnswers) {
  store().nodes_seen[1].report.node = id_of<uuid>(99);
  store().nodes_seen[1].report.name = "silent";
  const auto asked = ask(here_, message_);
  listen();
  listen();
  here_.advance(milliseconds(500));
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(story(asked.value()), ElementsAre("here accepted 0"));
  EXPECT_THAT(asked.value().silent, ElementsAre("silent"));
}

TEST_F(Traces, OnlySoManyAreUnderWay) {
  std::vector<awaited<message_life>> asked;
  asked.reserve(17);
  for (int i = 0; i < 17; ++i) asked.push_back(ask(here_, message_));
  EXPECT_EQ(asked.back().code(), "busy");
  EXPECT_EQ(asked.front().code(), "waiting");
  here_.advance(milliseconds(500));
  EXPECT_EQ(asked.front().code(), "none");
}

/// Why somebody counts as online: the store is the fake one's, the sockets are those that the directories know.
class Explanations : public operator_fixture {
 protected:
  Explanations() {
    store().presence_of = presence_record{ann_, true, {}};
    store().log_ins = {{token(1), at(1), at(1), at(9), "phone"}, {token(2), at(2), at(2), at(9), "laptop"}};
  }
  static token_hash token(std::uint8_t byte) {
    token_hash made;
    made.bytes.fill(byte);
    return made;
  }
  static timestamp at(int second) { return timestamp(std::chrono::seconds(second)); }
  void open(actor_world& on, std::uint8_t log_in) {
    on.connect(ann_, 0, token(log_in));
    on.run();
  }
  awaited<presence_explanation> ask(actor_world& on) {
    awaited<presence_explanation> asked;
    caf::anon_send(on.services->tracer, explain_everywhere{{{ann_}, asked.reply()}});
    on.run();
    return asked;
  }
  /// `NODE USER-AGENT SOCKETS` of each.
  static std::vector<std::string> story(const presence_explanation& why) {
    std::vector<std::string> lines;
    for (const auto& each : why.devices) {
      lines.push_back(each.node + " " + each.user_agent.value_or("gone") + " " + std::to_string(each.sockets));
    }
    return lines;
  }
  const user_id ann_ = id_of<user_id>(50);
};

TEST_F(Explanations, NameTheDevicesOnEveryNode) {
  open(here_, 1);
  open(here_, 2);
  open(here_, 1);
  open(there_, 2);
  open(there_, 3);
  const auto asked = ask(here_);
  EXPECT_FALSE(asked.done()) << "the other node has not answered yet";
  listen();
  listen();
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(story(asked.value()),
              UnorderedElementsAre("here phone 2", "here laptop 1", "there laptop 1", "there gone 1"));
  EXPECT_EQ(asked.value().log_ins, 2U);
  EXPECT_TRUE(asked.value().now.is_online);
  EXPECT_THAT(asked.value().silent, IsEmpty());
}

TEST_F(Explanations, NameTheNodesThatDoNotAnswer) {
  open(here_, 1);
  signals_.set_up(false);
  const auto asked = ask(here_);
  here_.advance(milliseconds(500));
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(story(asked.value()), ElementsAre("here phone 1"));
  EXPECT_THAT(asked.value().silent, ElementsAre("there"));
}

TEST_F(Explanations, CountSocketsOfALogInWhoeverIsAsked) {
  for (int i = 0; i < 150; ++i) open(there_, 1);
  open(there_, 2);
  for (auto* node : {&here_, &there_}) {
    const auto asked = ask(*node);
    listen();
    listen();
    ASSERT_TRUE(asked.ok());
    EXPECT_THAT(story(asked.value()), ElementsAre("there phone 150", "there laptop 1"));
  }
}

TEST_F(Explanations, SayNothingWhenNobodyKnowsWhichNodesThereAre) {
  open(here_, 1);
  store().reads_work = false;
  const auto asked = ask(here_);
  listen();
  listen();
  here_.advance(milliseconds(500));
  EXPECT_EQ(asked.code(), "unavailable");
}

TEST_F(Traces, TheOperatorsSubjectCountsAsNoRoom) {
  EXPECT_EQ(signals_.listeners(operators_subject), 2U);
  EXPECT_EQ(here_.counts.signal_rooms.value(), 0);
}

}  // namespace
}  // namespace parley::testing
