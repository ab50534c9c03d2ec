// Nodes that write one room's events in any order, some twice, into a Redis that may forget: whatever a reader is given
// stands as it does in the room's log so far as he knows it, and what was changed is nowhere.
#include <gmock/gmock.h>

#include <array>
#include <random>

#include "redis_fixture.hpp"
#include "room_tail_steps.hpp"
#include "store/redis_room_tails.hpp"

namespace parley::test {
namespace {

constexpr sequence log_length = 48;

/// A room's log as the store has it, each event stored by one of three nodes, in batches of up to four.
struct shared_log {
  explicit shared_log(std::mt19937& with) : dice(with) {
    std::vector<sequence> messages;
    for (sequence seq = 1; seq <= log_length; ++seq) {
      const auto kind = messages.empty() ? 0U : dice() % 9;
      const auto old = messages.empty() ? 0 : messages[messages.size() - 1 - dice() % std::min(messages.size(), 9UL)];
      if (kind < 6) {
        messages.push_back(seq);
        subjects.push_back(seq);
        events.push_back(said(room, seq, 1, text_of(seq)));
      } else if (kind < 8) {
        subjects.push_back(old);
        events.push_back(edited(room, seq, old, text_of(seq)));
      } else {
        subjects.push_back(old);
        events.push_back(deleted(room, seq, old));
      }
    }
    for (sequence seq = 1; seq <= log_length;) {
      const auto end = std::min<sequence>(log_length, seq + static_cast<sequence>(dice() % 4));
      stream_batch batch{room, {}};
      for (; seq <= end; ++seq) batch.events.push_back(at(seq));
      outgoing[dice() % outgoing.size()].push_back(fresh(std::move(batch)));
    }
  }
  static std::string text_of(sequence seq) { return "<" + std::to_string(seq) + ">"; }
  [[nodiscard]] const durable_event& at(sequence seq) const {
    return events[static_cast<std::size_t>(seq) - 1]->events.front();
  }
  /// The last change of what that event bears, up to there.
  [[nodiscard]] sequence changed_at(sequence seq, sequence end) const {
    if (std::holds_alternative<message_deleted>(at(seq).body)) return seq;
    for (auto later = end; later > seq; --later) {
      if (subjects[static_cast<std::size_t>(later) - 1] == subjects[static_cast<std::size_t>(seq) - 1]) return later;
    }
    return seq;
  }

  std::mt19937& dice;
  const room_id room{numbered_uuid(1)};
  std::vector<std::shared_ptr<const stream_batch>> events;
  std::vector<sequence> subjects;  ///< The message's seq.
  std::vector<std::vector<std::shared_ptr<const stream_batch>>> outgoing{3};
};

class redis_room_tails_races_test : public redis_fixture {
 protected:
  /// A question of somebody who knows the log up to `end`.
  void look(const shared_log& log, sequence after, sequence end) {
    const auto pages = expect_value(tails->read(std::vector{tail_question{room, after, 100, end}}));
    EXPECT_EQ(pages.front().unreadable, 0U);
    auto seq = after;
    for (const auto& event : pages.front().events) {
      ASSERT_EQ(event.seq, ++seq);
      ASSERT_LE(seq, end);
      ASSERT_EQ(text_of({room, {event}}), text_of({room, {log.at(seq)}}));
      ASSERT_EQ(log.changed_at(seq, end), seq) << "after " << after << " to " << end;
      ++found;
    }
  }
  /// Nothing that was changed by what has been written since Redis last forgot.
  void look_for_leftovers(const shared_log& log, const std::vector<bool>& is_written) {
    const auto key = tail_key(room);
    const auto kept = server->run({"XRANGE", key, "-", "+"}) + server->run({"HGETALL", key + ":early"});
    for (sequence seq = 1; seq <= log_length; ++seq) {
      if (kept.find(shared_log::text_of(seq)) == std::string::npos) continue;
      for (auto later = seq + 1; later <= log_length; ++later) {
        const bool is_gone = is_written[static_cast<std::size_t>(later)] && log.changed_at(seq, later) == later;
        ASSERT_FALSE(is_gone) << shared_log::text_of(seq) << " was changed by " << later;
      }
    }
  }
  [[nodiscard]] sequence last_of_tail() const {
    const auto entry = server->run({"XREVRANGE", tail_key(room), "+", "-", "COUNT", "1"});
    return entry.empty() ? 0 : std::stoll(entry);
  }
  void play(unsigned seed, bool forgets) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 dice(seed);
    server->run({"DEL", tail_key(room), tail_key(room) + ":early"});
    shared_log log(dice);
    std::vector<bool> is_written(log_length + 1);
    std::array<std::size_t, 3> next{};
    const auto has_more = [&](std::size_t from) { return next[from] < log.outgoing[from].size(); };
    const auto first_of = [&](std::size_t from) {
      return has_more(from) ? log.outgoing[from][next[from]]->events.front().seq : log_length + 1;
    };
    const auto earliest = [&] {
      const auto before = [&](std::size_t a, std::size_t b) { return first_of(a) < first_of(b); };
      return std::min({std::size_t{0}, std::size_t{1}, std::size_t{2}}, before);
    };
    while (has_more(0) || has_more(1) || has_more(2)) {
      // Mostly in the room's order, as it is when nobody is slow.
      const auto from = dice() % 4 == 0 ? dice() % next.size() : earliest();
      const bool again = next[from] > 0 && dice() % 6 == 0;
      if (!again && !has_more(from)) continue;
      const auto& batch = log.outgoing[from][again ? next[from] - 1 : next[from]++];
      if (forgets && dice() % 12 == 0) server->run({"DEL", tail_key(room), tail_key(room) + ":early"});
      if (dice() % 20 == 0) server->run({"HINCRBY", tail_key(room) + ":early", "since", "-2"});
      append(*nodes[from], batch);
      for (const auto& event : batch->events) is_written[static_cast<std::size_t>(event.seq)] = true;
      for (int i = 0; i < 4; ++i) {
        const auto any = 1 + static_cast<sequence>(dice() % log_length);
        const auto end = i == 0 ? any : std::max<sequence>(1, last_of_tail());
        look(log, static_cast<sequence>(dice() % static_cast<unsigned>(end)), end);
      }
      if (!forgets) look_for_leftovers(log, is_written);
      if (HasFatalFailure()) return;
    }
    if (forgets) return;
    EXPECT_THAT(read_tail(*tails, {room, log_length - 1, 1, log_length}),
                testing::ElementsAre(testing::StartsWith(std::to_string(log_length))));
  }
  void play_all(bool forgets) {
    for (int i = 0; i < 3; ++i) {
      nodes.push_back(std::make_unique<bus_node>(node()));
      begin_to_keep(*nodes.back());
    }
    tails = nodes.front()->stream->open_tails();
    for (unsigned seed = 1; seed <= 60 && !HasFailure(); ++seed) play(seed, forgets);
    EXPECT_GT(found, 4'000) << "it would say nothing of tails that are always empty";
  }

  std::vector<std::unique_ptr<bus_node>> nodes;
  std::unique_ptr<room_tail_reader> tails;
  int found = 0;
};

TEST_F(redis_room_tails_races_test, in_any_order_and_more_than_once) { play_all(false); }

TEST_F(redis_room_tails_races_test, also_when_tails_are_lost_in_between) { play_all(true); }

}  // namespace
}  // namespace parley::test
