// Log lines by spdlog, as text for people or as one JSON object a line for machines.
#include "parley/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "escape.hpp"
#include "parley/clock.hpp"

namespace parley::log {
namespace {

constexpr std::string_view level_names[] = {"trace", "debug", "info", "warn", "error"};
constexpr spdlog::level::level_enum spdlog_levels[] = {spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                                       spdlog::level::warn, spdlog::level::err};

struct sink {
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
  std::string node;
  level least = level::info;
};
sink& the_sink() {
  static sink instance;
  return instance;
}

std::string quoted(std::string_view text) { return boost::json::serialize(boost::json::string(text)); }

}  // namespace

void initialise(const log_config& settings, const std::string& node_name) {
  auto& out = the_sink();
  out.logger = std::make_shared<spdlog::logger>("parley", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  out.logger->set_pattern("%v");
  out.logger->set_level(spdlog::level::trace);
  out.logger->flush_on(spdlog::level::trace);
  out.json = settings.format == "json";
  out.node = node_name;
  for (std::size_t i = 0; i < std::size(level_names); ++i)
    if (level_names[i] == settings.level) out.least = static_cast<level>(i);
}

void close() { the_sink().logger.reset(); }

bool enabled(level at) { return the_sink().logger && at >= the_sink().least; }

void write(level at, std::string_view component, std::string_view event, std::string_view message) {
  auto& out = the_sink();
  if (!out.logger) return;
  const auto index = static_cast<std::size_t>(at);
  const auto time = to_string(system_clock().now());
  if (out.json)
    out.logger->log(spdlog_levels[index],
                    R"({{"time":"{}","level":"{}","node":{},"component":"{}","event":"{}","message":{}}})", time,
                    level_names[index], quoted(out.node), component, event, quoted(message));
  else
    out.logger->log(spdlog_levels[index], "{} {:5} {} {}: {}", time, level_names[index], component, event,
                    escape_controls(message));
}

}  // namespace parley::log
