// One MGET for all that are asked for, one SET for each that is kept.
#include "store/redis_session_cache.hpp"

namespace parley {
namespace {

constexpr std::uint8_t session_version = 1;

template <class Bytes, class Session>
void transfer_session(Bytes& bytes, Session& session) {
  bytes.field(session.user.id);
  bytes.field(session.user.username);
  bytes.field(session.user.display_name);
  bytes.field(session.user.img_url);
  bytes.choice(session.user.user_role, role::admin);
  bytes.field(session.created_at);
  bytes.field(session.last_used_at);
  bytes.field(session.expires_at);
  bytes.field(session.as_of);
}

}  // namespace

std::string session_key(const token_hash& token) { return "parley:token:" + to_hex(token); }

std::string encode_session(const cached_session& session) {
  byte_writer bytes;
  bytes.octet(session_version);
  transfer_session(bytes, session);
  return bytes.take();
}

std::optional<cached_session> decode_session(std::string_view text) {
  byte_reader bytes(text);
  if (bytes.octet() != session_version) return std::nullopt;
  cached_session session;
  transfer_session(bytes, session);
  if (bytes.failed() || bytes.left() != 0) return std::nullopt;
  return session;
}

result<std::vector<std::optional<cached_session>>> redis_session_cache::read(std::span<const token_hash> tokens) {
  using found = std::vector<std::optional<cached_session>>;
  if (tokens.empty()) return found();
  try {
    std::vector<std::string> keys;
    keys.reserve(tokens.size());
    for (const auto& token : tokens) keys.push_back(session_key(token));
    std::vector<std::string_view> words{"MGET"};
    words.insert(words.end(), keys.begin(), keys.end());
    redis_pipeline commands;
    commands.add(words);
    const auto replies = connection_.run(commands);
    found sessions;
    for (const auto* item : items_of(*replies.front(), tokens.size())) {
      sessions.push_back(is_nothing(*item) ? std::nullopt : decode_session(text_of(*item)));
    }
    return sessions;
  } catch (const redis_error& failure) {
    return unavailable(failure.what());
  }
}

result<void> redis_session_cache::write(std::span<const std::pair<token_hash, cached_session>> sessions) {
  if (sessions.empty()) return {};
  try {
    redis_pipeline commands;
    for (const auto& [token, session] : sessions) {
      commands.add({"SET", session_key(token), encode_session(session), "EX", lifetime_});
    }
    (void)connection_.run(commands);
    return {};
  } catch (const redis_error& failure) {
    return unavailable(failure.what());
  }
}

}  // namespace parley
