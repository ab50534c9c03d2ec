// From an address of bus.url to what a connection needs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "parley/error.hpp"

namespace parley {

/// How connections to one Redis are made, and how long each step may take.
struct redis_options {
  std::string host;
  std::uint16_t port = 6379;
  std::string user;                     ///< Empty: Redis' own default user.
  std::optional<std::string> password;  ///< Never in a log.
  std::uint32_t database = 0;
  std::chrono::milliseconds connect{1'000};
  std::chrono::milliseconds answer{2'000};
};

/// `redis://[user[:password]@]host[:port][/database]`, each part percent-encoded where need be. `bad_request` says what
/// is wrong, without the address: it may hold a password.
result<redis_options> parse_redis_url(std::string_view url);

}  // namespace parley
