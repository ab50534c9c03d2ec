// The words of moderation.
#include "parley/moderation.hpp"

#include <array>
#include <utility>

namespace parley {
namespace {

constexpr std::array<std::pair<report_reason, std::string_view>, 4> reasons{{
    {report_reason::spam, "spam"},
    {report_reason::abuse, "abuse"},
    {report_reason::illegal, "illegal"},
    {report_reason::other, "other"},
}};
constexpr std::array<std::pair<report_status, std::string_view>, 3> statuses{{
    {report_status::open, "open"},
    {report_status::dismissed, "dismissed"},
    {report_status::acted, "acted"},
}};

template <class Value, class Words>
std::string_view word_of(Value value, const Words& words) {
  return words.at(static_cast<std::size_t>(value)).second;
}

template <class Words>
auto value_of(std::string_view text, const Words& words) -> std::optional<decltype(words[0].first)> {
  for (const auto& [value, word] : words) {
    if (word == text) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(report_reason value) { return word_of(value, reasons); }
std::optional<report_reason> parse_report_reason(std::string_view text) { return value_of(text, reasons); }
std::string_view to_string(report_status value) { return word_of(value, statuses); }
std::optional<report_status> parse_report_status(std::string_view text) { return value_of(text, statuses); }

}  // namespace parley
