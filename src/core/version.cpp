// The version of this build, handed in by CMake.
#include "parley/version.hpp"

namespace parley {

std::string_view version() noexcept { return PARLEY_VERSION; }

}  // namespace parley
