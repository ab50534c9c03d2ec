// Words, queries and snippets.
#include "store/search_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> folded(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& word : words_of(text)) out.push_back(word.folded);
  return out;
}
/// Hits in brackets.
std::string snippet(std::string_view text, std::string_view query) {
  std::string out;
  for (const auto& part : snippet_of(text, words_of(text), read_query(query))) {
    out += part.is_hit ? "[" + part.text + "]" : part.text;
  }
  return out;
}
bool finds(std::string_view query, std::string_view text) { return fits(read_query(query), words_of(text)); }

TEST(search_words, are_letters_and_digits_without_case_and_accents) {
  EXPECT_THAT(folded("Hello, World-2!"), ElementsAre("hello", "world", "2"));
  EXPECT_THAT(folded("\xC3\x89"
                     "cole na\xC3\xAFve"),
              ElementsAre("ecole", "naive"));
  EXPECT_THAT(folded("e\xCC\x81t\xC3\xA9"), ElementsAre("ete")) << "composed or not";
  EXPECT_THAT(folded("\xC4\x90\xE1\xBB\x93ng \xC4\x91\xE1\xBA\xB9p"), ElementsAre("dong", "dep"));
  EXPECT_THAT(folded("Stra\xC3\x9F"
                     "e"),
              ElementsAre("strasse"));
  EXPECT_THAT(folded("\xEF\xBC\xA1\xEF\xBC\x91"), ElementsAre("a1")) << "full width";
  EXPECT_THAT(folded("\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82"),
              ElementsAre("\xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82"));
  EXPECT_THAT(folded("\xE4\xBD\xA0\xE5\xA5\xBD"
                     "abc"),
              ElementsAre("\xE4\xBD\xA0", "\xE5\xA5\xBD", "abc"));
  EXPECT_THAT(folded("\xE0\xA4\xBE \xD9\x8B a\xD9\x8B"), ElementsAre("a\xD9\x8B")) << "marks alone are no word";
  EXPECT_THAT(folded("\xE3\x82\xB7\xE3\x83\xA7\xE3\x83\xBB\xE3\x82\xB9 \xE3\x83\xBB"),
              ElementsAre("\xE3\x82\xB7", "\xE3\x83\xA7", "\xE3\x82\xB9"))
      << "the point between names is no word";
  EXPECT_THAT(folded("\xE3\x82\xAB\xE3\x82\x99\xE3\x83\xA9"), folded("\xE3\x82\xAC\xE3\x83\xA9")) << "composed or not";
  EXPECT_THAT(folded("a\xE3\x82\xAB\xE3\x82\x99"
                     "b"),
              testing::SizeIs(3));
  EXPECT_THAT(folded(""), IsEmpty());
  EXPECT_THAT(folded("'\"\\ -- ; * : & | ! ( ) \xF0\x9F\x98\x80"), IsEmpty());
}

TEST(search_words, hold_nothing_that_an_index_would_take_for_its_own) {
  for (const auto& word : folded("a'b c\"d e\\f g:h \xE2\x91\xB4 \xC2\xBD \xC5\x89 x\xCC\x88y")) {
    EXPECT_EQ(word.find_first_of("'\"\\:*&|!() \t"), std::string::npos) << word;
    EXPECT_FALSE(word.empty());
  }
}

TEST(search_words, stand_at_their_places_and_are_not_endless) {
  const std::string_view text = "a \xC3\x89t\xC3\xA9";
  const auto words = words_of(text);
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(text.substr(words[1].begin, words[1].end - words[1].begin), "\xC3\x89t\xC3\xA9");
  EXPECT_EQ(folded(std::string(1'000, 'x')).at(0).size(), 64U);
  EXPECT_THAT(folded("ok \xFF broken"), ElementsAre("ok"));
}

TEST(search_words, all_that_is_looked_for_must_be_there) {
  EXPECT_TRUE(finds("hello", "Hello there"));
  EXPECT_TRUE(finds("there hello ", "Hello there"));
  EXPECT_FALSE(finds("hello you", "Hello there"));
  EXPECT_TRUE(finds("the", "Hello there")) << "the last one may be a beginning";
  EXPECT_FALSE(finds("the ", "Hello there"));
  EXPECT_FALSE(finds("hel there", "Hello there"));
  EXPECT_FALSE(finds("", "Hello"));
  EXPECT_FALSE(finds("!?", "Hello!?"));
  EXPECT_TRUE(finds("dong", "\xC4\x90\xE1\xBB\x93ng"));
  EXPECT_EQ(read_query("a b a").words, (std::vector<std::string>{"b", "a"}));
}

TEST(search_words, a_snippet_shows_the_first_hit_and_what_stands_around_it) {
  EXPECT_EQ(snippet("say Hello, hello again", "hello"), "say [Hello], [hello] again");
  EXPECT_EQ(snippet("Hello", "hel"), "[Hello]");
  EXPECT_EQ(snippet("nothing", "hello"), "");
  std::string before, after;
  for (int i = 0; i < 100; ++i) {
    before += "before ";
    after += " after";
  }
  const auto cut = snippet(before + "here" + after, "here");
  EXPECT_LE(cut.size(), 270U);
  EXPECT_TRUE(cut.starts_with("before before")) << cut;
  EXPECT_NE(cut.find(" [here] after"), std::string::npos);
  EXPECT_TRUE(cut.ends_with(" after")) << cut;
  EXPECT_EQ(snippet("\xE4\xBD\xA0\xE5\xA5\xBD\xE5\x90\x97", "\xE5\xA5\xBD"), "\xE4\xBD\xA0[\xE5\xA5\xBD]\xE5\x90\x97");
}

}  // namespace
}  // namespace parley::test
