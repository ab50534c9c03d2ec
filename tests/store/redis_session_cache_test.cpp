// The shared cache of tokens on a real Redis.
#include "store/redis_session_cache.hpp"

#include "database_fixture.hpp"
#include "redis_fixture.hpp"

namespace parley::test {
namespace {

using std::chrono::seconds;

class redis_session_cache_test : public redis_fixture {
 protected:
  static token_hash token(std::uint8_t number) {
    token_hash hash{};
    hash.bytes[0] = number;
    return hash;
  }
  static cached_session session() {
    cached_session made;
    made.user = {user_id(numbered_uuid(7)), "ann", "Ann \u00e9", "/files/1", role::moderator};
    made.created_at = timestamp(seconds(1));
    made.last_used_at = timestamp(seconds(2));
    made.expires_at = timestamp(seconds(3));
    made.as_of = 1'234'567;
    return made;
  }
  std::unique_ptr<redis_session_cache> open(const redis_options& options) {
    auto made = std::make_unique<redis_session_cache>(options, seconds(600));
    made->sign_with(key_);
    return made;
  }
  std::unique_ptr<redis_session_cache> open(const std::string& url) { return open(parse_redis_url(url).value()); }
  static std::vector<std::optional<cached_session>> read(redis_session_cache& from, std::span<const token_hash> asked) {
    return expect_in_time([&] { return from.read(asked); });
  }
  static void write(redis_session_cache& to, std::span<const std::pair<token_hash, cached_session>> kept) {
    expect_in_time([&] { return to.write(kept); });
  }
  std::string encode(const cached_session& what) { return encode_session(token(1), what, key_); }

  const std::string key_ = new_signing_key();
};

TEST_F(redis_session_cache_test, what_one_keeps_the_other_finds_for_a_while) {
  auto one = open(server->url()), two = open(server->url());
  const std::pair<token_hash, cached_session> kept[] = {{token(1), session()}};
  write(*one, kept);
  const token_hash asked[] = {token(2), token(1)};
  const auto found = read(*two, asked);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_FALSE(found[0]);
  ASSERT_TRUE(found[1]);
  EXPECT_EQ(encode(*found[1]), encode(session()));
  EXPECT_EQ(found[1]->user.display_name, "Ann \u00e9");
  EXPECT_EQ(found[1]->user.user_role, role::moderator);
  EXPECT_EQ(found[1]->as_of, 1'234'567);
  const auto left = std::stoi(server->run({"TTL", session_key(token(1))}));
  EXPECT_TRUE(left > 500 && left <= 600) << left;
}

TEST_F(redis_session_cache_test, a_redis_that_hangs_is_not_waited_for_as_long_as_the_bus_would) {
  auto as_the_bus = parse_redis_url(server->url()).value();
  as_the_bus.connect = as_the_bus.answer = seconds(60);
  auto cache = open(as_the_bus);
  const token_hash asked[] = {token(1)};
  read(*cache, asked);
  server->pause();
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(cache->read(asked).has_error());
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(5));
  server->resume();
}

TEST_F(redis_session_cache_test, what_cannot_be_read_is_not_there) {
  auto cache = open(server->url());
  const token_hash asked[] = {token(1)};
  auto newer = encode(session());
  newer[43] = 2;
  for (const auto& bytes : {std::string("x"), newer, encode(session()) + "y", std::string()}) {
    server->run({"SET", session_key(token(1)), bytes});
    EXPECT_FALSE(read(*cache, asked).at(0)) << bytes;
  }
  server->run({"DEL", session_key(token(1))});
  server->run({"LPUSH", session_key(token(1)), "of another kind"});
  EXPECT_FALSE(read(*cache, asked).at(0));
}

TEST_F(redis_session_cache_test, any_bytes_are_taken) {
  const auto whole = encode(session());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_session(token(1), whole.substr(0, size), key_));
  }
  EXPECT_TRUE(decode_session(token(1), whole, key_));
}

TEST_F(redis_session_cache_test, who_can_write_to_redis_becomes_nobody_else) {
  const auto admins = encode(session());
  EXPECT_FALSE(decode_session(token(2), admins, key_)) << "copied to another token";
  EXPECT_FALSE(decode_session(token(1), admins, new_signing_key())) << "of another store";
  auto changed = admins;
  changed.back() = static_cast<char>(changed.back() + 1);
  EXPECT_FALSE(decode_session(token(1), changed, key_));
}

TEST_F(redis_session_cache_test, a_redis_that_is_gone_is_unavailable_and_found_again) {
  auto cache = open(server->url());
  const token_hash asked[] = {token(1)};
  const std::pair<token_hash, cached_session> kept[] = {{token(1), session()}};
  cut_connections();
  read(*cache, asked);
  cut_connections();
  EXPECT_EQ(cache->read(asked).error().code, error_code::unavailable);
  write(*cache, kept);
  EXPECT_TRUE(read(*cache, asked).at(0));
}

}  // namespace
}  // namespace parley::test
