// Passwords and tokens by libsodium.
#include "parley/credentials.hpp"

#include <sodium.h>

#include <algorithm>
#include <mutex>

namespace parley {
namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t token_limit_bytes = 512;

bool token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

result<void> initialise_crypto() {
  if (sodium_init() < 0) return make_error(error_code::internal, "libsodium could not be initialised");
  return {};
}

result<std::string> hash_password(std::string_view password, const password_cost& cost) {
  std::array<char, crypto_pwhash_STRBYTES> encoded{};
  if (crypto_pwhash_str_alg(encoded.data(), password.data(), password.size(), cost.passes, cost.memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return busy("Not enough memory to hash a password now; try again.", 1000);
  return std::string(encoded.data());
}

bool verify_password(const std::string& encoded, std::string_view password) {
  // libsodium reads exactly STRBYTES bytes, so the text is padded with zeros to that length.
  std::array<char, crypto_pwhash_STRBYTES> padded{};
  if (encoded.size() >= padded.size()) return false;
  std::copy(encoded.begin(), encoded.end(), padded.begin());
  return crypto_pwhash_str_verify(padded.data(), password.data(), password.size()) == 0;
}

namespace {

/// Kept only when it could be made, so that a want of memory does not last.
class unknown_user {
 public:
  result<void> make(const password_cost& cost) {
    const std::lock_guard lock(mutex_);
    if (!encoded_.empty()) return {};
    auto made = hash_password(new_token(), cost);
    if (!made) return made.error();
    encoded_ = std::move(made.value());
    return {};
  }
  const std::string& encoded() const { return encoded_; }

 private:
  std::mutex mutex_;
  std::string encoded_;
};
unknown_user& the_unknown_user() {
  static unknown_user instance;
  return instance;
}

std::string base64url(std::span<const std::uint8_t> bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  out.pop_back();
  return out;
}

}  // namespace

result<void> prepare_unknown_user_hash(const password_cost& cost) { return the_unknown_user().make(cost); }

const std::string& unknown_user_hash(const password_cost& cost) {
  static const std::string none;
  return the_unknown_user().make(cost) ? the_unknown_user().encoded() : none;
}

bool needs_rehash(const std::string& encoded, const password_cost& cost) {
  std::array<char, crypto_pwhash_STRBYTES> padded{};
  if (encoded.size() >= padded.size()) return true;
  std::copy(encoded.begin(), encoded.end(), padded.begin());
  return crypto_pwhash_str_needs_rehash(padded.data(), cost.passes, cost.memory_bytes) != 0;
}

uuid token_id_of(const token_hash& hash) {
  uuid id;
  std::copy_n(hash.bytes.begin(), id.bytes.size(), id.bytes.begin());
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x80U);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
  return id;
}

std::string to_hex(const token_hash& hash) {
  std::string out(hash.bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), hash.bytes.data(), hash.bytes.size());
  out.pop_back();
  return out;
}

std::string new_token() {
  std::array<std::uint8_t, token_bytes> random{};
  randombytes_buf(random.data(), random.size());
  return base64url(random);
}

std::string new_signing_key() { return new_token(); }

std::string signature_of(std::string_view text, const std::string& key) {
  std::array<std::uint8_t, crypto_auth_KEYBYTES> secret{};
  std::size_t length = 0;
  if (sodium_base642bin(secret.data(), secret.size(), key.data(), key.size(), nullptr, &length, nullptr,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
      length != secret.size()) {
    return {};
  }
  std::array<std::uint8_t, crypto_auth_BYTES> code{};
  crypto_auth(code.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), secret.data());
  return base64url(code);
}

bool signature_fits(std::string_view signature, std::string_view text, const std::string& key) {
  const auto right = signature_of(text, key);
  return !right.empty() && signature.size() == right.size() &&
         sodium_memcmp(signature.data(), right.data(), right.size()) == 0;
}

result<token_hash> hash_of_token(std::string_view token) {
  bool sound = !token.empty() && token.size() <= token_limit_bytes;
  for (const char c : token) sound = sound && token_character(c);
  if (!sound) return make_error(error_code::unauthenticated, "The token is malformed.");
  token_hash hash;
  crypto_generichash(hash.bytes.data(), hash.bytes.size(), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size(), nullptr, 0);
  return hash;
}

}  // namespace parley
