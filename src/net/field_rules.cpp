// Lengths, alphabets and addresses of single fields.
#include "net/field_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "net/grapheme.hpp"
#include "parley/files.hpp"

namespace parley {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// C0, DEL, C1, and what ends lines or turns the direction of those behind it (U+2028, U+2029, U+202A to U+202E, U+2066
/// to U+2069): with these a name could disguise itself, or the text around it.
bool has_control(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto at = [&](std::size_t ahead) {
      return i + ahead < value.size() ? static_cast<unsigned char>(value[i + ahead]) : 0U;
    };
    if (at(0) < 0x20 || at(0) == 0x7F) return true;
    if (at(0) == 0xC2 && at(1) >= 0x80 && at(1) < 0xA0) return true;
    if (at(0) == 0xE2 && at(1) == 0x80 && at(2) >= 0xA8 && at(2) <= 0xAE) return true;
    if (at(0) == 0xE2 && at(1) == 0x81 && at(2) >= 0xA6 && at(2) <= 0xA9) return true;
  }
  return false;
}

/// Blanks beyond ASCII's, and characters that cannot be seen: U+00A0, U+2000 to U+200F, U+202F, U+205F to U+2064,
/// U+3000, U+FEFF.
bool has_hidden(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto rest = value.substr(i, 3);
    if (rest.starts_with("\u00a0") || rest == "\u202f" || rest == "\u3000" || rest == "\ufeff") return true;
    if (rest.size() == 3 && ((rest >= "\u2000" && rest <= "\u200f") || (rest >= "\u205f" && rest <= "\u2064")))
      return true;
  }
  return false;
}

/// Labels between single dots, none of which begins or ends with a hyphen.
bool is_domain(std::string_view value) {
  for (;;) {
    const auto label = value.substr(0, value.find('.'));
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    if (label.size() == value.size()) return true;
    value.remove_prefix(label.size() + 1);
  }
}

/// Blanks, quotes and the like have no place in an address and would break out of an attribute of a careless
/// page.
bool is_plain_address(std::string_view value) {
  if (has_control(value) || has_hidden(value)) return false;
  return std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
  });
}

bool starts_with_ignoring_case(std::string_view value, std::string_view lower_prefix) {
  return value.size() >= lower_prefix.size() &&
         std::equal(lower_prefix.begin(), lower_prefix.end(), value.begin(), [](char expected, char c) {
           return expected == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
         });
}

bool has_dot_segment(std::string_view path) {
  return path.find("/../") != std::string_view::npos || path.find("/./") != std::string_view::npos ||
         path.ends_with("/..") || path.ends_with("/.");
}

bool is_own_file(std::string_view path) { return file_of_url(path).has_value(); }

result<void> check_address(std::string_view field, std::string_view value) {
  if (value.size() > max_url_bytes) {
    return bad_request(fmt::format("{}: at most {} bytes", field, max_url_bytes));
  }
  if (!is_plain_address(value)) {
    return bad_request(fmt::format("{}: must not contain blanks, control characters or any of \"<>\\^`{{|}}", field));
  }
  if (value.starts_with(files_path) && has_dot_segment(value)) {
    return bad_request(fmt::format("{}: must not contain /./ or /../", field));
  }
  const auto refused =
      bad_request(fmt::format("{}: must be https:// with a host, or {} with a file", field, files_path));
  if (is_own_file(value)) return {};
  if (starts_with_ignoring_case(value, "https://")) {
    // Without a name and a password, which everybody would be shown.
    const auto rest = value.substr(8);
    const auto authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.empty() || authority.front() == ':' || authority.find('@') != std::string_view::npos) return refused;
    return {};
  }
  return refused;
}

}  // namespace

std::size_t character_count(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

result<void> check_no_nul(std::string_view field, std::string_view value) {
  if (value.find('\0') == std::string_view::npos) return {};
  return bad_request(fmt::format("{}: must not contain the character NUL", field));
}

result<void> check_content(std::string_view value, const limits_config& limits) {
  if (value.size() > limits.content_bytes) {
    return make_error(error_code::too_large, fmt::format("content: at most {} bytes", limits.content_bytes));
  }
  if (value.empty()) return bad_request("content: must not be empty");
  return check_no_nul("content", value);
}

result<void> check_emoji(std::string_view value, const limits_config& limits) {
  if (value.size() > limits.emoji_bytes || !is_one_grapheme(value)) {
    return bad_request(
        fmt::format("emoji: must be one visible character (grapheme) of at most {} bytes", limits.emoji_bytes));
  }
  return {};
}

result<void> check_key(std::string_view field, std::string_view value) {
  if (value.empty() || value.size() > max_key_bytes) {
    return bad_request(fmt::format("{}: between 1 and {} bytes", field, max_key_bytes));
  }
  return check_no_nul(field, value);
}

result<void> check_file_url(std::string_view value) { return check_address("file_url", value); }

result<void> check_image_url(std::string_view value) { return check_address("img_url", value); }

result<void> check_name(std::string_view field, std::string_view value) {
  const auto count = character_count(value);
  if (count < 1 || count > max_name_characters) {
    return bad_request(fmt::format("{}: between 1 and {} characters", field, max_name_characters));
  }
  if (has_control(value)) return bad_request(fmt::format("{}: must not contain control characters", field));
  if (!has_visible(value)) return bad_request(fmt::format("{}: must not be blank", field));
  return {};
}

result<void> check_username(std::string_view value) {
  if (value.size() >= 3 && check_short_username(value)) return {};
  return bad_request("username: 3 to 32 of the characters a-z, 0-9, _, . and -");
}

result<void> check_short_username(std::string_view value) {
  const bool fits = !value.empty() && value.size() <= 32 && std::all_of(value.begin(), value.end(), [](char c) {
    return is_lower_or_digit(c) || c == '_' || c == '.' || c == '-';
  });
  if (fits) return {};
  return bad_request("user: 1 to 32 of the characters a-z, 0-9, _, . and -");
}

result<void> check_password(std::string_view field, std::string_view value) {
  const auto count = character_count(value);
  if (count < 8 || count > 128) return bad_request(fmt::format("{}: between 8 and 128 characters", field));
  return check_no_nul(field, value);
}

result<void> check_email(std::string_view value) {
  const auto at = value.find('@');
  const bool fits = value.size() <= 254 && at != std::string_view::npos && at > 0 && is_domain(value.substr(at + 1)) &&
                    is_plain_address(value) && value.find_first_of("@,;:", at + 1) == std::string_view::npos &&
                    value.find_first_of(",;:()[]") > at;
  if (fits) return {};
  return bad_request("email: must be an address of at most 254 bytes");
}

result<void> check_phone(std::string_view value) {
  const auto digits = std::count_if(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool fits = digits >= 3 && value.size() <= 32 && std::all_of(value.begin(), value.end(), [](char c) {
                      return (c >= '0' && c <= '9') || std::string_view("+-(). /").find(c) != std::string_view::npos;
                    });
  if (fits) return {};
  return bad_request("phone: at most 32 digits, blanks and the characters + - ( ) . /, of which at least 3 digits");
}

}  // namespace parley
