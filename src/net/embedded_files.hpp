// The chat page and the API descriptions, as the build embedded them.
#pragma once

#include <span>

#include "parley/embedded_file.hpp"

namespace parley {

// Sorted by path. Defined in a source that cmake/EmbedFiles.cmake generates.
std::span<const embedded_file> embedded_files();

}  // namespace parley
