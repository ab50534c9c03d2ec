// Splits and percent-decodes request targets (RFC 9112 section 3.2, RFC 3986 section 2.1).
#include "net/http_target.hpp"

#include <algorithm>

#include "net/field_rules.hpp"
#include "parley/utf8.hpp"

namespace parley {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_blank ? ' ' : text[i];
    }
  }
  if (out.find('\0') != std::string::npos || !is_valid_utf8(out)) return std::nullopt;
  return out;
}

/// Calls `use` with each part between separators.
template <class F>
void for_each_part(std::string_view text, char separator, F use) {
  for (;;) {
    const auto end = text.find(separator);
    use(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

/// Absolute form loses its scheme and authority.
std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto path = target.find_first_of("/?", scheme.size());
    if (path == std::string_view::npos) return "/";
    return target.substr(path);
  }
  return target;
}

}  // namespace

std::optional<std::string> http_target::query_field(std::string_view name) const {
  const auto found = std::find_if(query.begin(), query.end(), [&](const auto& field) { return field.first == name; });
  return found == query.end() ? std::nullopt : std::optional(found->second);
}

result<http_target> parse_target(std::string_view target) {
  const auto refused = bad_request("target: must be a path whose escapes are UTF-8 without NUL");
  target = origin_form(target);
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  if (!path.starts_with('/')) return refused;

  http_target parsed;
  bool sound = true;
  if (path != "/") {
    for_each_part(path.substr(1), '/', [&](std::string_view part) {
      auto segment = percent_decoded(part, false);
      sound = sound && segment;
      if (!segment) return;
      parsed.path += '/' + *segment;
      parsed.segments.push_back(std::move(*segment));
    });
  } else {
    parsed.path = "/";
  }
  if (question != std::string_view::npos) {
    for_each_part(target.substr(question + 1), '&', [&](std::string_view part) {
      if (part.empty()) return;
      const auto equals = part.find('=');
      auto name = percent_decoded(part.substr(0, equals), true);
      auto value = percent_decoded(equals == std::string_view::npos ? "" : part.substr(equals + 1), true);
      sound = sound && name && value;
      if (name && value) parsed.query.emplace_back(std::move(*name), std::move(*value));
    });
  }
  if (!sound) return refused;
  return parsed;
}

}  // namespace parley
