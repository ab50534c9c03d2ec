// How a message says which one it is, and how little a receiver has to read to know it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::bench {

constexpr std::size_t stamp_digits = 12;

/// Content of `size` bytes that begins with the number.
std::string stamped_content(std::uint64_t number, std::size_t size);
/// The number in a frame's content; nothing when the frame bears none.
std::optional<std::uint64_t> stamp_in(std::string_view frame);
/// Whether the frame is of that type; servers write the type first.
bool is_of_type(std::string_view frame, std::string_view type);
/// The first number that stands behind that name, as `"seq":17`.
std::optional<std::uint64_t> number_in(std::string_view frame, std::string_view name);
/// The frame's id, when it is a number.
std::optional<std::uint64_t> numeric_id_in(std::string_view frame);

}  // namespace parley::bench
