// UTF-8 as RFC 3629 has it.
#pragma once

#include <string_view>

namespace parley {

/// Without over-long forms and surrogates, up to U+10FFFF.
bool is_valid_utf8(std::string_view text);

}  // namespace parley
