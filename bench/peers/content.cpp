// A mark, 12 digits, a dot, 20 digits.
#include "peers/content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace parley::bench {
namespace {

constexpr char mark = '#';
constexpr std::size_t number_digits = 12;
constexpr std::size_t time_digits = 20;
static_assert(least_content == 1 + number_digits + 1 + time_digits);

}  // namespace

std::string stamped(const message_stamp& stamp, std::size_t size) {
  auto text = fmt::format("{}{:0{}}.{:0{}}", mark, stamp.number, number_digits, stamp.sent_ns, time_digits);
  text.append(std::max(size, text.size()) - text.size(), 'x');
  return text;
}

std::optional<message_stamp> find_stamp(std::string_view text) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos || text.size() - at < least_content) return std::nullopt;
  const auto* number = text.data() + at + 1;
  const auto* time = number + number_digits + 1;
  message_stamp stamp;
  const auto numbered = std::from_chars(number, number + number_digits, stamp.number);
  const auto timed = std::from_chars(time, time + time_digits, stamp.sent_ns);
  if (numbered.ptr != time - 1 || timed.ptr != time + time_digits) return std::nullopt;
  return stamp;
}

}  // namespace parley::bench
