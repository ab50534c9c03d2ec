// The rules for single fields, the same for WebSocket frames and REST bodies; each refusal names the field
// and the limit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "parley/config.hpp"
#include "parley/error.hpp"

namespace parley {

inline constexpr std::size_t max_key_bytes = 64;  ///< Frame ids and idempotency keys.
inline constexpr std::size_t max_url_bytes = 2'048;
inline constexpr std::size_t max_name_characters = 128;  ///< Display names and room names.

/// Characters (code points) of valid UTF-8.
std::size_t character_count(std::string_view utf8);

/// NUL is refused in every string: databases' text cannot hold it.
result<void> check_no_nul(std::string_view field, std::string_view value);
/// `too_large` over limits.content_bytes; never empty.
result<void> check_content(std::string_view value, const limits_config& limits);
/// One grapheme of at most limits.emoji_bytes.
result<void> check_emoji(std::string_view value, const limits_config& limits);
/// A frame's id or a client_msg_id: 1 to 64 bytes.
result<void> check_key(std::string_view field, std::string_view value);
/// Ours (an absolute path under /api/v1/files/) or https; at most 2,048 bytes. An address with a host is never taken
/// for ours: the Host header is the client's word.
result<void> check_file_url(std::string_view value);
/// Of a person's picture: https, or one of our files.
result<void> check_image_url(std::string_view value);
/// 1 to 128 characters, of which one at least is not blank; no control characters.
result<void> check_name(std::string_view field, std::string_view value);
/// 3 to 32 of a-z0-9_.-
result<void> check_username(std::string_view value);
/// Of development mode's paths: as a username, but from one character on ("u1").
result<void> check_short_username(std::string_view value);
/// 8 to 128 characters.
result<void> check_password(std::string_view field, std::string_view value);
/// Something@something of at most 254 bytes: whether it receives mail only mail can tell.
result<void> check_email(std::string_view value);
/// 3 to 32 digits, blanks and the characters + - ( ) . /
result<void> check_phone(std::string_view value);

}  // namespace parley
