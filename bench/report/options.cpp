// Reading a level.
#include "report/options.hpp"

#include <array>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace parley::bench {

service_level parse_service_level(const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, double>, 4> names{
      {{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}}};
  const auto wrong = [&] { return std::invalid_argument("--slo reads p99=50ms: p50, p99, p999 or max, in ms or s"); };
  const auto equals = text.find('=');
  if (equals == std::string::npos) throw wrong();
  service_level level;
  level.name = text.substr(0, equals);
  level.share = -1;
  for (const auto& [name, share] : names) {
    if (level.name == name) level.share = share;
  }
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + equals + 1, end, value);
  const std::string_view unit(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
  if (level.share < 0 || parsed.ec != std::errc() || value <= 0 || (unit != "ms" && unit != "s")) throw wrong();
  level.limit_ms = unit == "s" ? value * 1e3 : value;
  return level;
}

}  // namespace parley::bench
