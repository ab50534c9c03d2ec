// Time as a port: wall-clock stamps for what is stored, steady time for what is measured or awaited.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

/// What is stored and sent: UTC, milliseconds.
using timestamp = std::chrono::sys_time<std::chrono::milliseconds>;
using steady_time = std::chrono::steady_clock::time_point;

/// Thread-safe.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual timestamp now() const = 0;
  [[nodiscard]] virtual steady_time steady_now() const = 0;
};

const clock& system_clock();

/// RFC 3339 in UTC with milliseconds: 2026-11-22T09:30:00.123Z.
std::string to_string(timestamp value);
void append_text(std::string& out, timestamp value);
std::optional<timestamp> parse_timestamp(std::string_view text);

}  // namespace parley
