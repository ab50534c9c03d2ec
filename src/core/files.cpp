// Addresses and names of files.
#include "parley/files.hpp"

#include <algorithm>

namespace parley {
namespace {

constexpr std::size_t uuid_text = 36;
constexpr std::size_t longest_extension = 16;

/// RFC 3986 section 2.3.
bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Cut at a character's beginning.
std::string_view prefix_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && is_continuation(text[most])) --most;
  return text.substr(0, most);
}

/// Bytes of the control character or text-direction mark at the beginning: C0, DEL, C1, U+200E, U+200F, U+2028 to
/// U+202E, U+2066 to U+2069.
std::size_t control_at(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (at(0) < 0x20 || at(0) == 0x7F) return 1;
  if (at(0) == 0xC2 && at(1) >= 0x80 && at(1) < 0xA0) return 2;
  if (at(0) == 0xE2 && at(1) == 0x80 && (at(2) == 0x8E || at(2) == 0x8F || (at(2) >= 0xA8 && at(2) <= 0xAE))) return 3;
  if (at(0) == 0xE2 && at(1) == 0x81 && at(2) >= 0xA6 && at(2) <= 0xA9) return 3;
  return 0;
}

}  // namespace

std::string file_url_of(file_id file, std::string_view name) {
  std::string url(files_path);
  append_text(url, file);
  url += '/';
  for (const char c : name) {
    if (is_unreserved(c)) {
      url += c;
      continue;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    url += '%';
    url += digits[byte >> 4U];
    url += digits[byte & 0xFU];
  }
  return url;
}

std::optional<file_id> file_of_url(std::string_view url) {
  if (!url.starts_with(files_path)) return std::nullopt;
  url.remove_prefix(files_path.size());
  if (url.size() < uuid_text + 2 || url[uuid_text] != '/' || url.find('/', uuid_text + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return file_id::parse(url.substr(0, uuid_text));
}

std::string safe_file_name(std::string_view name) {
  if (const auto folder = name.find_last_of("/\\"); folder != std::string_view::npos) name.remove_prefix(folder + 1);
  std::string safe;
  while (!name.empty()) {
    const auto control = control_at(name);
    if (control == 0) safe += name.front();
    name.remove_prefix(std::max<std::size_t>(control, 1));
  }
  // Dots and blanks at the ends hide files, or end them on some systems.
  const auto begin = safe.find_first_not_of(". ");
  if (begin == std::string::npos) return "file";
  safe = safe.substr(begin, safe.find_last_not_of(". ") - begin + 1);
  if (safe.size() <= longest_file_name) return safe;
  const auto dot = safe.rfind('.');
  const std::string extension =
      dot != std::string::npos && safe.size() - dot <= longest_extension ? safe.substr(dot) : std::string();
  return std::string(prefix_of(safe, longest_file_name - extension.size())) + extension;
}

}  // namespace parley
