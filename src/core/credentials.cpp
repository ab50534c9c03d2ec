// Passwords and tokens by libsodium.
#include "parley/credentials.hpp"

#include <sodium.h>

#include <algorithm>

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

const std::string& unknown_user_hash(const password_cost& cost) {
  static const std::string encoded = [&cost] {
    const auto made = hash_password(new_token(), cost);
    return made ? made.value() : std::string();
  }();
  return encoded;
}

bool needs_rehash(const std::string& encoded, const password_cost& cost) {
  std::array<char, crypto_pwhash_STRBYTES> padded{};
  if (encoded.size() >= padded.size()) return true;
  std::copy(encoded.begin(), encoded.end(), padded.begin());
  return crypto_pwhash_str_needs_rehash(padded.data(), cost.passes, cost.memory_bytes) != 0;
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
  std::string out(sodium_base64_encoded_len(random.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(out.data(), out.size(), random.data(), random.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  out.pop_back();
  return out;
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
