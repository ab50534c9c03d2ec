// What `parley-bench across` is told: the load, and whose nodes, Redis and PostgreSQL it is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/options.hpp"

namespace parley::bench {

struct across_options {
  std::size_t rooms = 200;              ///< Each with a sender at the first node and a receiver at the second.
  std::vector<double> rates{1e3, 1e4};  ///< Messages a second over all rooms, one after the other.
  double seconds = 20;                  ///< Measured time of each.
  double warm_up = 3;                   ///< Seconds of the same load before it.
  std::size_t size = 128;               ///< Bytes of content, and of what the raw hop and the commits carry.
  std::vector<std::string> node_urls;   ///< A cluster that somebody else started: the senders', the receivers'.
  std::string redis_url;                ///< Of that cluster; empty: no raw hop.
  std::string store_url;                ///< Of that cluster, PostgreSQL; empty: no commits.
  std::string parleyd;                  ///< The program.
  std::vector<std::string> settings;    ///< KEY=VALUE for parleyd.
  report_options report;
};

/// What does not fit together. Throws std::invalid_argument.
void validate(const across_options& options);

struct redis_address {
  std::string host;
  std::uint16_t port = 6379;
  std::string user;
  std::optional<std::string> password;
  std::uint32_t database = 0;
};

/// `redis://[user[:password]@]host[:port][/database]`. Throws std::invalid_argument, without the address: it may hold a
/// password.
redis_address parse_redis_address(const std::string& url);

}  // namespace parley::bench
