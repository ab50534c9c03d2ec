// What counts as one grapheme for a reaction.
#include "net/grapheme.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley {
namespace {

TEST(grapheme, emoji_with_all_that_may_follow_them_are_one) {
  for (const std::string text : {
           "👍",
           "❤",
           "❤️",
           "☺︎",
           "👍🏽",
           "🏽",  // plain, selectors, skin tones, a lone tone
           "👨‍👩‍👧‍👦",
           "👩‍💻",
           "👩🏽‍💻",
           "🏳️‍🌈",
           "❤️‍🔥",
           "🐻‍❄️",  // joined
           "🇩🇪",
           "🇩",
           "1️⃣",
           "#️⃣",
           "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
           "🫠",
           "🪿",
           "🫨",
           "©",
           "™️",
           "㊙️",
           "🀄",
       }) {
    EXPECT_TRUE(is_one_grapheme(text)) << text;
  }
}

TEST(grapheme, a_letter_with_its_marks_is_one) {
  for (const std::string text : {"x", "7", "?", "é", "e\u0301", "e\u0301\u0323", "я", "字", "ก็", "שׁ", "½", "\u2190",
                                 "नि", "\u1100\u1161\u11A8", "\U0001F1E9"}) {
    EXPECT_TRUE(is_one_grapheme(text)) << text;
  }
}

TEST(grapheme, two_that_stand_side_by_side_are_not_one) {
  for (const std::string text : {"👍👍", "ab", "👍a", "a👍", "🇩🇪🇫", "🇩🇪🇫🇷", "1️⃣2️⃣", "a\u200Db", "a\u200D👍",
                                 "👍\u200Da", "👍\u200D\u0301👍", "❤️ ", "x\n"}) {
    EXPECT_FALSE(is_one_grapheme(text)) << text;
  }
}

TEST(grapheme, what_nobody_sees_is_not_one) {
  for (const auto& text : {std::string(), std::string(1, '\0'), std::string(" "), std::string("\n"), std::string("\t"),
                           std::string("\x7F"), std::string("\u00A0"), std::string("\u200B"), std::string("\u200D"),
                           std::string("\u0301"), std::string("\uFE0F"), std::string("\u202E"), std::string("\u3000"),
                           std::string("\uFEFF"), std::string("\uE000"), std::string("\u00AD")}) {
    EXPECT_FALSE(is_one_grapheme(text)) << testing::PrintToString(text);
  }
}

TEST(grapheme, invalid_utf8_is_not_one) {
  for (const std::string text : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x9F\x91",
                                 "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xFF", "\xF8\x88\x80\x80\x80", "👍\xF0"}) {
    EXPECT_FALSE(is_one_grapheme(text)) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace parley
