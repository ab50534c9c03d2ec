// Passwords and tokens (libsodium). Hashing passwords blocks for tens of milliseconds: only on threads made for it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "parley/error.hpp"
#include "parley/ids.hpp"

namespace parley {

/// argon2id; memory and passes as given to the constructor of the configuration. Encoded as libsodium's string.
struct password_cost {
  std::uint64_t memory_bytes = 19 * 1024 * 1024;
  std::uint64_t passes = 2;
};

/// Fails only for want of memory.
result<std::string> hash_password(std::string_view password, const password_cost& cost);
/// Constant-time compare of the result; takes as long for a wrong password as for the right one.
bool verify_password(const std::string& encoded, std::string_view password);
/// A well-formed hash that no password fits: verified against when the user is unknown, so that times are alike. Made
/// by prepare_unknown_user_hash, else by the first call, which then takes longer.
const std::string& unknown_user_hash(const password_cost& cost);
/// True when the parameters have been raised since: hash again at log-in.
bool needs_rehash(const std::string& encoded, const password_cost& cost);

/// What stands in the store for a token: its BLAKE2b-256 hash, never the token.
struct token_hash {
  std::array<std::uint8_t, 32> bytes{};
  friend auto operator<=>(const token_hash&, const token_hash&) = default;
};
std::string to_hex(const token_hash& hash);
/// By which a user names a token without showing it: a UUIDv8 (RFC 9562) of the first 122 bits of its hash.
uuid token_id_of(const token_hash& hash);

/// 256 random bits as 43 characters of base64url.
std::string new_token();
/// Null when the text cannot be a token (alphabet [A-Za-z0-9._-], 1 to 512 bytes).
result<token_hash> hash_of_token(std::string_view token);

/// A key for signature_of: 256 random bits, as text.
std::string new_signing_key();
/// HMAC-SHA-512/256 (libsodium's crypto_auth) as 43 characters of base64url. `key` as new_signing_key made it; empty
/// for any other key.
std::string signature_of(std::string_view text, const std::string& key);
/// In constant time.
bool signature_fits(std::string_view signature, std::string_view text, const std::string& key);

/// Once, before any of the above.
result<void> initialise_crypto();
/// Once, at the start. Fails when there is not the memory that one log-in needs.
result<void> prepare_unknown_user_hash(const password_cost& cost);

}  // namespace parley

template <>
struct std::hash<parley::token_hash> {
  std::size_t operator()(const parley::token_hash& token) const noexcept {
    std::size_t value;
    static_assert(sizeof value <= 32);
    __builtin_memcpy(&value, token.bytes.data(), sizeof value);
    return value;
  }
};
