// What one connection gets of a batch, as a table: its position, its own answers, its departure.
#include "net/batch_slices.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley {
namespace {

struct slicing_case {
  const char* what;
  sequence position;
  std::uint32_t departs_at;
  /// "n" stands before event n, "n!" replaces it.
  std::vector<std::string> answers;
  /// Events by their place, answers in brackets with their number among the answers.
  std::string expected;
};

/// Seq 11 to 14.
void add_four_events(encoded_batch& batch) {
  batch.first_seq = 11;
  for (const char* frame : {"a", "bb", "ccc", "dddd"}) {
    batch.bytes += frame;
    batch.ends.push_back(static_cast<std::uint32_t>(batch.bytes.size()));
  }
}

std::string cut(const slicing_case& given) {
  encoded_batch batch;
  add_four_events(batch);
  std::vector<placed_answer> answers;
  for (const std::string& text : given.answers) {
    placed_answer answer;
    answer.index = static_cast<std::uint32_t>(text[0] - '0');
    answer.replaces_event = text.ends_with('!');
    answers.push_back(answer);
  }
  std::vector<const placed_answer*> own;
  for (const auto& answer : answers) own.push_back(&answer);
  std::vector<batch_piece> pieces;
  cut_batch(batch, given.position, given.departs_at, own, pieces);
  std::string text;
  for (const auto& piece : pieces) {
    if (piece.answer != nullptr) {
      text += "[" + std::to_string(piece.answer - answers.data()) + "]";
    } else {
      EXPECT_LT(piece.first_event, piece.end_event) << given.what;
      text += batch.bytes.substr(event_begin(batch.ends, piece.first_event),
                                 event_begin(batch.ends, piece.end_event) - event_begin(batch.ends, piece.first_event));
      text += "|";
    }
  }
  return text;
}

TEST(cut_batch, follows_the_table) {
  constexpr std::uint32_t stays = 4;
  const slicing_case cases[] = {
      {"all of it, in one piece", 10, stays, {}, "abbcccdddd|"},
      {"a position far behind", 3, stays, {}, "abbcccdddd|"},
      {"a position inside", 12, stays, {}, "cccdddd|"},
      {"a position at the end", 14, stays, {}, ""},
      {"a position beyond", 99, stays, {}, ""},
      {"an answer in place of the first", 10, stays, {"0!"}, "[0]bbcccdddd|"},
      {"an answer in place of one inside", 10, stays, {"2!"}, "abb|[0]dddd|"},
      {"an answer in place of the last", 10, stays, {"3!"}, "abbccc|[0]"},
      {"an answer between two events", 10, stays, {"2"}, "abb|[0]cccdddd|"},
      {"an answer after the last", 10, stays, {"4"}, "abbcccdddd|[0]"},
      {"all events replaced", 10, stays, {"0!", "1!", "2!", "3!"}, "[0][1][2][3]"},
      {"several answers at one place", 10, stays, {"1", "1", "1!"}, "a|[0][1][2]cccdddd|"},
      {"answers at or below the position still go", 12, stays, {"0!", "1!", "2!"}, "[0][1][2]dddd|"},
      {"a position after the last answer", 13, stays, {"1!"}, "[0]dddd|"},
      {"a departure cuts the rest", 10, 2, {}, "abb|"},
      {"a departure at the first", 10, 0, {}, ""},
      {"a departure and a position beyond it", 13, 2, {}, ""},
      {"answers after a departure still go", 10, 2, {"1!", "3", "4"}, "a|[0][1][2]"},
      {"an answer at the departure's place", 10, 2, {"2"}, "abb|[0]"},
  };
  for (const auto& given : cases) EXPECT_EQ(cut(given), given.expected) << given.what;
}

// Whatever the position and the departure: each answer once, each event once at most, in order.
TEST(cut_batch, keeps_order_and_loses_nothing_for_all_small_cases) {
  for (sequence position = 9; position <= 15; ++position) {
    for (std::uint32_t departs_at = 0; departs_at <= 4; ++departs_at) {
      for (unsigned replaced = 0; replaced < 16; ++replaced) {
        slicing_case given{"", position, departs_at, {}, ""};
        for (unsigned i = 0; i < 4; ++i) {
          if ((replaced >> i & 1U) != 0) given.answers.push_back(std::to_string(i) + "!");
        }
        std::string expected;
        std::size_t answer = 0;
        const char* frames[] = {"a", "bb", "ccc", "dddd"};
        for (unsigned i = 0; i < 4; ++i) {
          if ((replaced >> i & 1U) != 0) {
            expected += "[" + std::to_string(answer++) + "]";
          } else if (static_cast<sequence>(11 + i) > position && i < departs_at) {
            expected += frames[i];
          }
        }
        std::string got = cut(given);
        std::erase(got, '|');
        ASSERT_EQ(got, expected) << position << ' ' << departs_at << ' ' << replaced;
      }
    }
  }
}

}  // namespace
}  // namespace parley
