// The search index follows the rooms' logs, and finds what stands for whom it is.
#include <gmock/gmock.h>

#include "database_fixture.hpp"

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class search_contract : public database_fixture {
 protected:
  void SetUp() override {
    database_fixture::SetUp();
    index_ = expect_value(store->get().open_search_index());
    ann_ = add_user("ann");
    bob_ = add_user("bob");
    room_ = add_group("room", ann_, {bob_});
  }
  /// Until the index stands level with everything.
  void follow() {
    for (;;) {
      std::vector<room_id> behind;
      for (room_id after;;) {
        auto found = expect_value(index_->find_behind(after));
        behind.insert(behind.end(), found.rooms.begin(), found.rooms.end());
        if (!found.next) break;
        after = *found.next;
      }
      if (behind.empty()) return;
      (void)expect_value(index_->advance(behind));
    }
  }
  std::vector<std::string> found(user_id user, const std::string& text, std::optional<room_id> room = {}) {
    std::vector<std::string> contents;
    for (const auto& hit : expect_value(reader->search(user, room, text, {})).items) {
      contents.push_back(*hit.item.message.content);
    }
    return contents;
  }

  std::unique_ptr<search_index> index_;
  user_id ann_, bob_;
  room_id room_;
};

TEST_P(search_contract, finds_messages_newest_first_as_history_shows_them) {
  const auto first = post(room_, ann_, "Hello there");
  post(room_, bob_, "hello again");
  post(room_, bob_, "something else");
  append(make.react(room_, bob_, first, "\xF0\x9F\x91\x8D"));
  follow();
  EXPECT_THAT(found(ann_, "hello"), ElementsAre("hello again", "Hello there"));
  EXPECT_THAT(found(ann_, "HELLO THE"), ElementsAre("Hello there"));
  EXPECT_THAT(found(ann_, "nothing"), IsEmpty());
  EXPECT_THAT(found(ann_, "!"), IsEmpty());
  const auto hit = expect_value(reader->search(ann_, {}, "there", {})).items.at(0);
  const auto history = expect_value(reader->history(room_, hit.item.seq + 1, {}, 1)).at(0);
  EXPECT_EQ(hit.item.room, room_);
  EXPECT_EQ(hit.item.seq, history.seq);
  EXPECT_EQ(hit.item.message.message, first);
  EXPECT_EQ(hit.item.message.display_name, history.message.display_name);
  ASSERT_EQ(hit.item.reactions.size(), 1U);
  EXPECT_EQ(hit.item.reactions[0].count, 1);
  ASSERT_EQ(hit.snippet.size(), 2U);
  EXPECT_EQ(hit.snippet[1].text, "there");
  EXPECT_TRUE(hit.snippet[1].is_hit);
}

TEST_P(search_contract, shows_only_rooms_that_one_is_in_now) {
  const auto other = add_group("other", bob_);
  post(room_, ann_, "secret plan");
  post(other, bob_, "secret party");
  follow();
  EXPECT_THAT(found(ann_, "secret"), ElementsAre("secret plan"));
  EXPECT_THAT(found(bob_, "secret"), ElementsAre("secret party", "secret plan"));
  EXPECT_THAT(found(bob_, "secret", room_), ElementsAre("secret plan"));
  EXPECT_THAT(found(ann_, "secret", other), IsEmpty());
  append(make.remove(room_, ann_, bob_));
  EXPECT_THAT(found(bob_, "secret"), ElementsAre("secret party"));
  append(make.invite(other, bob_, {ann_}));
  EXPECT_THAT(found(ann_, "secret"), ElementsAre("secret party", "secret plan")) << "at once, before the index follows";
}

TEST_P(search_contract, shows_messages_as_they_stand_though_the_index_does_not_know_yet) {
  const auto edited = post(room_, ann_, "old words"), gone = post(room_, ann_, "old news");
  follow();
  append(make.edit(room_, ann_, edited, "new words"));
  append(make.erase(room_, ann_, gone));
  EXPECT_THAT(found(ann_, "old"), IsEmpty());
  EXPECT_THAT(found(ann_, "words"), ElementsAre("new words"));
  follow();
  EXPECT_THAT(found(ann_, "new"), ElementsAre("new words"));
  EXPECT_THAT(found(ann_, "old"), IsEmpty());
}

TEST_P(search_contract, goes_on_page_by_page_with_no_hit_missing_or_twice) {
  std::vector<std::string> expected;
  for (int i = 0; i < 25; ++i) {
    post(room_, ann_, "word " + std::to_string(i));
    expected.insert(expected.begin(), "word " + std::to_string(i));
  }
  follow();
  std::vector<std::string> seen;
  page_request range{{}, 10};
  int pages = 0;
  do {
    const auto page = expect_value(reader->search(ann_, {}, "word", range));
    EXPECT_LE(page.items.size(), 10U);
    for (const auto& hit : page.items) seen.push_back(*hit.item.message.content);
    range.cursor = page.next_cursor;
    ++pages;
  } while (range.cursor);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(reader->search(ann_, {}, "word", {"nonsense", 10}).error().code, error_code::bad_request);
}

/// Neither its hits, nor where its pages end, nor whether there is a next one.
TEST_P(search_contract, pages_tell_nothing_of_rooms_that_one_is_not_in) {
  const auto other = add_group("other", bob_);
  const auto say_there = [&](int count) {
    for (int i = 0; i < count; ++i) post(other, bob_, "secret " + std::to_string(i));
  };
  // What each page holds; `...` where there is a next one.
  const auto pages = [&](std::uint32_t limit) {
    std::vector<std::string> seen;
    page_request range{{}, limit};
    do {
      const auto page = expect_value(reader->search(ann_, {}, "secret", range));
      std::string contents;
      for (const auto& hit : page.items) contents += *hit.item.message.content + ";";
      seen.push_back(contents + (page.next_cursor ? "..." : ""));
      range.cursor = page.next_cursor;
    } while (range.cursor && seen.size() < 100);
    return seen;
  };
  say_there(5);
  for (int i = 0; i < 4; ++i) {
    post(room_, ann_, "secret of mine " + std::to_string(i));
    say_there(5);
  }
  follow();
  EXPECT_THAT(pages(2), ElementsAre("secret of mine 3;secret of mine 2;...", "secret of mine 1;secret of mine 0;"));
  EXPECT_THAT(pages(4), ElementsAre("secret of mine 3;secret of mine 2;secret of mine 1;secret of mine 0;"));
  const auto cursor = expect_value(reader->search(ann_, {}, "secret", {{}, 1})).next_cursor;
  say_there(5);
  follow();
  EXPECT_EQ(expect_value(reader->search(ann_, {}, "secret", {{}, 1})).next_cursor, cursor);
  const auto eve = add_user("eve");
  const auto nothing = expect_value(reader->search(eve, {}, "secret", {{}, 2}));
  EXPECT_THAT(nothing.items, IsEmpty());
  EXPECT_EQ(nothing.next_cursor, std::nullopt);
}

TEST_P(search_contract, follows_a_long_log_in_parts_and_only_where_it_is_behind) {
  std::vector<append_command> commands;
  commands.reserve(static_cast<std::size_t>(search_step) + 10);
  for (int i = 0; i < search_step + 10; ++i) commands.push_back(make.send(room_, ann_, "number" + std::to_string(i)));
  (void)commit(std::move(commands));
  const std::vector rooms{room_};
  EXPECT_THAT(expect_value(index_->advance(rooms)), ElementsAre(room_));
  EXPECT_THAT(found(ann_, "number0 "), ElementsAre("number0"));
  const auto last = "number" + std::to_string(search_step + 9);
  EXPECT_THAT(found(ann_, last), IsEmpty());
  EXPECT_THAT(expect_value(index_->advance(rooms)), IsEmpty());
  EXPECT_THAT(found(ann_, last), ElementsAre(last));
  EXPECT_THAT(expect_value(index_->find_behind({})).rooms, IsEmpty());
  post(room_, ann_, "one more");
  EXPECT_THAT(expect_value(index_->find_behind({})).rooms, ElementsAre(room_));
  EXPECT_THAT(expect_value(index_->find_behind(room_)).rooms, IsEmpty());
}

TEST_P(search_contract, an_index_opened_anew_goes_on_where_it_was) {
  post(room_, ann_, "before");
  follow();
  index_.reset();
  index_ = expect_value(store->get().open_search_index());
  EXPECT_THAT(expect_value(index_->find_behind({})).rooms, IsEmpty());
  EXPECT_THAT(found(ann_, "before"), ElementsAre("before"));
}

TEST_P(search_contract, hostile_texts_find_what_they_say_and_break_nothing) {
  for (const std::string text : {"a' OR 1=1 --", "\"x\" AND y*", "NEAR(a b)", "words:x", "'a':* & !b", "\\", "%",
                                 "\xE2\x91\xB4", "col : {x}", "$1 ?1"}) {
    post(room_, ann_, text);
  }
  follow();
  for (const std::string query :
       {"' OR '1'='1", "\"", "x*", "NEAR(a", "words:x", "a & !b", "\\'", "*", ":*", "%", "--", "$1", "\xE2\x91\xB4"}) {
    EXPECT_TRUE(reader->search(ann_, {}, query, {}).has_value()) << query;
  }
  EXPECT_THAT(found(ann_, "words:x"), ElementsAre("words:x"));
  EXPECT_THAT(found(ann_, "near(a b)"), ElementsAre("NEAR(a b)"));
  std::string endless;
  for (int i = 0; i < 1'000; ++i) endless += "w" + std::to_string(i) + " ";
  EXPECT_THAT(found(ann_, endless), IsEmpty());
}

TEST_P(search_contract, kana_is_found_with_points_and_marks_in_whichever_form) {
  const std::string name = "\xE3\x82\xB8\xE3\x83\xA7\xE3\x83\xB3\xE3\x83\xBB\xE3\x82\xB9\xE3\x83\x9F\xE3\x82\xB9";
  const std::string composed = "\xE3\x82\xAC\xE3\x83\xA9\xE3\x82\xB9";
  const std::string decomposed = "\xE3\x82\xAB\xE3\x82\x99\xE3\x83\xA9\xE3\x82\xB9";
  post(room_, ann_, name);
  post(room_, ann_, composed);
  post(room_, ann_, decomposed);
  post(room_, ann_, "\xE0\xA4\xBE a");
  follow();
  EXPECT_THAT(found(bob_, name), ElementsAre(name)) << "with a point between the names";
  EXPECT_THAT(found(bob_, composed), ElementsAre(decomposed, composed));
  EXPECT_THAT(found(bob_, decomposed), ElementsAre(decomposed, composed));
  EXPECT_THAT(found(bob_, "\xE0\xA4\xBE"), IsEmpty()) << "a mark alone";
}

INSTANTIATE_TEST_SUITE_P(stores, search_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
