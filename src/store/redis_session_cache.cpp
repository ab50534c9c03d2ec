// One MGET for all that are asked for, one SET for each that is kept.
#include "store/redis_session_cache.hpp"

#include <algorithm>

namespace parley {
namespace {

constexpr std::uint8_t session_version = 1;
constexpr std::size_t signature_characters = 43;
constexpr std::chrono::milliseconds longest_step{150};

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

std::string encode_session(const token_hash& token, const cached_session& session, const std::string& key) {
  byte_writer bytes;
  bytes.octet(session_version);
  transfer_session(bytes, session);
  const auto fields = bytes.take();
  return signature_of(session_key(token) + fields, key) + fields;
}

std::optional<cached_session> decode_session(const token_hash& token, std::string_view text, const std::string& key) {
  if (text.size() < signature_characters) return std::nullopt;
  const auto fields = text.substr(signature_characters);
  if (!signature_fits(text.substr(0, signature_characters), session_key(token) + std::string(fields), key)) {
    return std::nullopt;
  }
  byte_reader bytes(fields);
  if (bytes.octet() != session_version) return std::nullopt;
  cached_session session;
  transfer_session(bytes, session);
  if (bytes.failed() || bytes.left() != 0) return std::nullopt;
  return session;
}

redis_options redis_session_cache::hurried(redis_options options) {
  options.connect = std::min(options.connect, longest_step);
  options.answer = std::min(options.answer, longest_step);
  return options;
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
    sessions.reserve(tokens.size());
    for (const auto* item : items_of(*replies.front(), tokens.size())) {
      const auto& token = tokens[sessions.size()];
      sessions.push_back(is_nothing(*item) ? std::nullopt : decode_session(token, text_of(*item), key_));
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
      commands.add({"SET", session_key(token), encode_session(token, session, key_), "EX", lifetime_});
    }
    (void)connection_.run(commands);
    return {};
  } catch (const redis_error& failure) {
    return unavailable(failure.what());
  }
}

}  // namespace parley
