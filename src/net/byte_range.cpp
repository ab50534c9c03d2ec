// Parses "bytes=first-last", "bytes=first-" and "bytes=-length".
#include "net/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace parley {
namespace {

/// Nothing for what is no number, or none that fits.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

range_answer read_range(std::string_view header, std::uint64_t size, byte_range& part) {
  constexpr std::string_view unit = "bytes=";
  if (!header.starts_with(unit)) return range_answer::whole;
  header.remove_prefix(unit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return range_answer::whole;
  const auto from = header.substr(0, dash), to = header.substr(dash + 1);
  if (from.empty()) {
    const auto length = number(to);
    if (!length) return range_answer::whole;
    if (*length == 0 || size == 0) return range_answer::unsatisfiable;
    part.length = std::min(*length, size);
    part.first = size - part.length;
    return range_answer::part;
  }
  const auto first = number(from);
  const auto last = to.empty() ? std::optional(size == 0 ? 0 : size - 1) : number(to);
  if (!first || !last || (!to.empty() && *last < *first)) return range_answer::whole;
  if (*first >= size) return range_answer::unsatisfiable;
  part.first = *first;
  part.length = std::min(*last, size - 1) - *first + 1;
  return range_answer::part;
}

}  // namespace parley
