// The chat page, the API descriptions and their reference, straight out of the program.
#pragma once

#include <optional>
#include <string_view>

#include "net/problem.hpp"
#include "parley/embedded_file.hpp"

namespace parley {

/// "/" is "/index.html", "/docs" its own index; a page of the reference is also found without its ".html". Null when
/// there is no such file.
const embedded_file* find_static_file(std::string_view path);

/// 200 with an ETag, or 304 when `if_none_match` (the header's value) names it.
http_reply static_file_reply(const embedded_file& file, std::string_view if_none_match);

}  // namespace parley
