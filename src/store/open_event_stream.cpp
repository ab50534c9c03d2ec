// Reads bus.url and shares the partitions out.
#include "store/open_event_stream.hpp"

#include "store/redis_event_stream.hpp"
#include "store/redis_room_roster.hpp"
#include "store/redis_session_cache.hpp"
#include "store/redis_signal_bus.hpp"

namespace parley {
namespace {

redis_options options_of(const std::string& url, const config& settings) {
  auto options = parse_redis_url(url).value();
  options.connect = std::chrono::milliseconds(settings.bus.connect_ms);
  options.answer = std::chrono::milliseconds(settings.bus.answer_ms);
  return options;
}

}  // namespace

result<void> check_bus_url(const config& settings) {
  for (const auto& url : bus_urls(settings)) {
    if (auto options = parse_redis_url(url); options.has_error()) return options.error();
  }
  return {};
}

std::vector<std::unique_ptr<event_stream>> open_event_streams(const config& settings, id_source& ids) {
  std::vector<std::unique_ptr<event_stream>> streams;
  const auto urls = bus_urls(settings);
  // Of this start of the node: what the one before it wrote is news like that of others.
  const uuid node = ids.next();
  for (std::uint32_t i = 0; i < urls.size(); ++i) {
    redis_stream_options options;
    options.redis = options_of(urls[i], settings);
    options.partitions = settings.bus.partitions;
    options.stream_entries = settings.bus.stream_entries;
    options.tail_entries = settings.bus.tail_entries;
    options.tail_lifetime = std::chrono::seconds(static_cast<std::int64_t>(settings.bus.tail_hours * 3'600));
    for (auto p = i; p < options.partitions; p += static_cast<std::uint32_t>(urls.size())) options.owned.push_back(p);
    streams.push_back(open_redis_event_stream(std::move(options), node));
  }
  return streams;
}

std::vector<std::unique_ptr<signal_bus>> open_signal_buses(const config& settings, id_source& ids) {
  std::vector<std::unique_ptr<signal_bus>> buses;
  const uuid node = ids.next();
  for (const auto& url : bus_urls(settings)) {
    buses.push_back(open_redis_signal_bus({options_of(url, settings), settings.bus.partitions}, node));
  }
  return buses;
}

std::unique_ptr<room_roster> open_room_roster(const config& settings) {
  const auto urls = bus_urls(settings);
  return urls.empty() ? nullptr : open_redis_room_roster(options_of(urls.front(), settings));
}

std::vector<std::unique_ptr<session_cache>> open_session_caches(const config& settings) {
  std::vector<std::unique_ptr<session_cache>> caches;
  const std::chrono::seconds lifetime(settings.bus.session_seconds);
  if (lifetime == std::chrono::seconds(0)) return caches;
  for (const auto& url : bus_urls(settings)) {
    caches.push_back(std::make_unique<redis_session_cache>(options_of(url, settings), lifetime));
  }
  return caches;
}

}  // namespace parley
