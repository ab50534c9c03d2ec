// What a message says: which it is and when it was sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::bench {

struct message_stamp {
  std::uint64_t number = 0;  ///< Within its room, from 0.
  std::int64_t sent_ns = 0;
};

/// The smallest content.
constexpr std::size_t least_content = 34;

/// `size` bytes of plain letters and digits behind one '#', which stands nowhere else in any of the protocols' frames.
std::string stamped(const message_stamp& stamp, std::size_t size);
/// From a text that has a content in it.
std::optional<message_stamp> find_stamp(std::string_view text);

}  // namespace parley::bench
