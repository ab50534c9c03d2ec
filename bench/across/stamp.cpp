// Looking for fields in text: a parser of JSON would cost the receivers more than the delivery.
#include "across/stamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace parley::bench {
namespace {

std::optional<std::uint64_t> digits_behind(std::string_view text, std::string_view field, std::size_t most) {
  const auto at = text.find(field);
  if (at == std::string_view::npos) return std::nullopt;
  const auto digits = text.substr(at + field.size(), most);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string stamped_content(std::uint64_t number, std::size_t size) {
  return fmt::format("{:0{}}{:x>{}}", number, stamp_digits, "", std::max(size, stamp_digits) - stamp_digits);
}

std::optional<std::uint64_t> stamp_in(std::string_view frame) {
  return digits_behind(frame, R"("content":")", stamp_digits);
}

bool is_of_type(std::string_view frame, std::string_view type) {
  constexpr std::string_view opening = R"({"type":")";
  return frame.starts_with(opening) && frame.substr(opening.size()).starts_with(type) &&
         frame.substr(opening.size() + type.size()).starts_with('"');
}

std::optional<std::uint64_t> number_in(std::string_view frame, std::string_view name) {
  constexpr std::size_t most_digits = 20;
  for (auto at = frame.find(name); at != std::string_view::npos; at = frame.find(name, at + 1)) {
    const auto rest = frame.substr(at + name.size());
    if (at > 0 && frame[at - 1] == '"' && rest.starts_with("\":")) return digits_behind(rest, "\":", most_digits);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> numeric_id_in(std::string_view frame) {
  return digits_behind(frame.substr(0, 64), R"("id":")", stamp_digits);
}

}  // namespace parley::bench
