// Bytes that are no text, as a parameter of a statement.
#pragma once

#include <string_view>

namespace parley {

/// Only pointed at: they must live until the statement has run.
struct byte_view {
  std::string_view bytes;
};

}  // namespace parley
