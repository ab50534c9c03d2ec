// Text from outside made harmless for terminals, log files and TOML.
#pragma once

#include <string>
#include <string_view>

namespace parley {

/// Control characters (C0, DEL and C1) as \uXXXX; all else as it stands.
std::string escape_controls(std::string_view text);

}  // namespace parley
