// The message that everything stores: the load, the ceilings and pgbench_insert.sql.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace parley::bench {

inline const std::string sample_content(128, 'x');

/// 36 bytes, as when clients make UUIDs.
inline std::string sample_key(std::uint64_t sender, std::uint64_t number) {
  return fmt::format("{:08x}-0000-7000-8000-{:012x}", sender, number);
}

}  // namespace parley::bench
