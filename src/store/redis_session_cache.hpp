// Tokens on Redis: parley:token:{HASH}, a string that goes after bus.session_seconds. The hash is the one that the
// store keeps: nobody gets in by it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "parley/session_cache.hpp"
#include "store/record_bytes.hpp"
#include "store/redis_connection.hpp"

namespace parley {

std::string session_key(const token_hash& token);

/// The value: a signature over the token's key and the rest, so that who can write to Redis can make nobody somebody
/// else; then a version and the fields. Another form is another version, which older nodes do not read.
std::string encode_session(const token_hash& token, const cached_session& session, const std::string& key);
/// Takes any bytes; null for what is not one.
std::optional<cached_session> decode_session(const token_hash& token, std::string_view bytes, const std::string& key);

class redis_session_cache final : public session_cache {
 public:
  redis_session_cache(const redis_options& options, std::chrono::seconds lifetime)
      : connection_(hurried(options)), lifetime_(std::to_string(lifetime.count())) {}

  void sign_with(std::string key) override { key_ = std::move(key); }
  result<std::vector<std::optional<cached_session>>> read(std::span<const token_hash> tokens) override;
  result<void> write(std::span<const std::pair<token_hash, cached_session>> sessions) override;

 private:
  /// A client waits for the answer, which the store could give him as well.
  static redis_options hurried(redis_options options);

  redis_connection connection_;
  std::string lifetime_;
  std::string key_;
};

}  // namespace parley
