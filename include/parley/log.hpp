// Structured log lines: a component, a stable event name, a sentence. Never a token, a query string or a message's
// content.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "parley/config.hpp"
#include "parley/error.hpp"

namespace parley::log {

enum class level : std::uint8_t { trace, debug, info, warn, error };

/// Once at the start, before other threads.
void initialise(const log_config& settings, const std::string& node_name);
/// Lines go nowhere again, as before initialise(). When the other threads are gone.
void close();
[[nodiscard]] bool enabled(level at);
/// Thread-safe. `event` is a stable identifier for operators to search and alert on, such as "batch_failed".
void write(level at, std::string_view component, std::string_view event, std::string_view message);

template <class... Args>
void line(level at, std::string_view component, std::string_view event, fmt::format_string<Args...> text,
          Args&&... args) {
  if (enabled(at)) write(at, component, event, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void debug(std::string_view component, std::string_view event, fmt::format_string<Args...> text, Args&&... args) {
  line(level::debug, component, event, text, std::forward<Args>(args)...);
}
template <class... Args>
void info(std::string_view component, std::string_view event, fmt::format_string<Args...> text, Args&&... args) {
  line(level::info, component, event, text, std::forward<Args>(args)...);
}
template <class... Args>
void warn(std::string_view component, std::string_view event, fmt::format_string<Args...> text, Args&&... args) {
  line(level::warn, component, event, text, std::forward<Args>(args)...);
}
template <class... Args>
void error(std::string_view component, std::string_view event, fmt::format_string<Args...> text, Args&&... args) {
  line(level::error, component, event, text, std::forward<Args>(args)...);
}

}  // namespace parley::log
