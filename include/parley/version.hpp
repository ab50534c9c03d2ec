// The version of this build.
#pragma once

#include <string_view>

namespace parley {

// As in CMakeLists.txt, for example "0.1.0". Safe from any thread.
std::string_view version() noexcept;

}  // namespace parley
