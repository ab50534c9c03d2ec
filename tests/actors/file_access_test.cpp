// Signed addresses: what they open, for whom, and until when.
#include "actors/file_access.hpp"

#include <gtest/gtest.h>

#include "empty_database.hpp"
#include "fakes.hpp"

namespace parley::testing {
namespace {

using std::chrono::seconds;

/// One file, which ann sees while `shown`.
class one_file_reader final : public empty_reader {
 public:
  result<std::optional<stored_file>> file_for(user_id user, file_id which) override {
    const bool seen = shown && user == ann && which == file;
    return seen ? std::optional(stored_file{which, ann, "a b.png", "image/png", 5}) : std::nullopt;
  }
  result<std::optional<own_profile>> user(user_id who) override {
    own_profile found;
    found.profile.id = who;
    found.flag = active ? account_flag::active : account_flag::suspended;
    return std::optional(found);
  }
  result<std::vector<std::optional<token_record>>> tokens(std::span<const token_hash> hashes) override {
    std::vector<std::optional<token_record>> found(hashes.size());
    if (has_token) found.front().emplace().expires_at = timestamp::max();
    return found;
  }
  user_id ann = id_of<user_id>(1);
  file_id file = id_of<file_id>(2);
  bool shown = true, active = true, has_token = true;
};

class FileAccess : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(initialise_crypto()); }
  result<sign_file::reply> sign(const std::string& url, timestamp now) {
    return sign_address(store_, {who_, url}, key_, seconds(600), now);
  }
  /// Takes a signed address apart as the router does.
  open_file request_of(const std::string& url, const std::string& name = "a b.png") const {
    const auto field = [&](const std::string& key) {
      const auto from = url.find(key + "=") + key.size() + 1;
      return url.substr(from, url.find('&', from) - from);
    };
    file_signature signature{*user_id::parse(field("user")), timestamp(seconds(std::stoll(field("expires")))),
                             field("signature")};
    return {signature, store_.file, name};
  }
  bool opens(const open_file& ask, timestamp now) { return find_file(store_, ask, key_, now).has_value(); }

  one_file_reader store_;
  std::string key_ = new_signing_key();
  principal who_{{store_.ann, "ann", "Ann", {}, role::user}, {}, {}, nullptr, nullptr};
  std::string url_ = file_url_of(store_.file, "a b.png");
  timestamp now_{seconds(1'000'100)};
};

TEST_F(FileAccess, AnAddressIsGoodForOneToTwoPeriodsAndTheSameWithinOne) {
  const auto made = sign(url_, now_);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->url.starts_with(url_ + "?user="));
  EXPECT_EQ(made->expires_at, timestamp(seconds(1'000'800))) << "the end of the next period";
  EXPECT_EQ(sign(url_, now_ + seconds(50))->url, made->url);
  EXPECT_NE(sign(url_, now_ + seconds(600))->url, made->url);
  EXPECT_TRUE(opens(request_of(made->url), now_));
  EXPECT_TRUE(opens(request_of(made->url), made->expires_at - std::chrono::milliseconds(1)));
  EXPECT_FALSE(opens(request_of(made->url), made->expires_at));
}

TEST_F(FileAccess, NoPartOfItMayBeChanged) {
  const auto good = request_of(sign(url_, now_)->url);
  auto other = good;
  other.name = "b.png";
  EXPECT_FALSE(opens(other, now_));
  other = good;
  std::get<file_signature>(other.who).user = id_of<user_id>(3);
  EXPECT_FALSE(opens(other, now_));
  other = good;
  std::get<file_signature>(other.who).expires_at += seconds(1);
  EXPECT_FALSE(opens(other, now_));
  for (const std::string code : {"", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    other = good;
    std::get<file_signature>(other.who).code = code;
    EXPECT_FALSE(opens(other, now_));
  }
  EXPECT_FALSE(find_file(store_, good, new_signing_key(), now_).has_value()) << "another store's key";
  EXPECT_FALSE(find_file(store_, good, "", now_).has_value()) << "no key at all";
  EXPECT_TRUE(opens(good, now_));
}

TEST_F(FileAccess, ItShowsNothingThatItsUserMayNotSeeAnyMore) {
  const auto good = request_of(sign(url_, now_)->url);
  store_.shown = false;
  EXPECT_FALSE(opens(good, now_));
  EXPECT_EQ(sign(url_, now_).error().code, error_code::not_found);
  store_.shown = true;
  store_.active = false;
  EXPECT_FALSE(opens(good, now_));
}

TEST_F(FileAccess, ATokenIsLookedAtBehindTheRead) {
  const open_file ask{who_, store_.file, "a b.png"};
  EXPECT_TRUE(opens(ask, now_));
  store_.has_token = false;
  EXPECT_EQ(find_file(store_, ask, key_, now_).error().code, error_code::unauthenticated);
  EXPECT_EQ(sign(url_, now_).error().code, error_code::unauthenticated);
}

TEST_F(FileAccess, OnlyOurOwnAddressesAreSigned) {
  for (const std::string& url :
       {std::string("https://x.org/a"), file_url_of(store_.file, "b.png"), url_ + "?x", std::string()}) {
    EXPECT_EQ(sign(url, now_).error().code, error_code::not_found) << url;
  }
}

}  // namespace
}  // namespace parley::testing
