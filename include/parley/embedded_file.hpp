// A file that was built into the program: the chat page, the API descriptions, the schema.
#pragma once

#include <string_view>

namespace parley {

// All views point to constant data of the program and stay valid until it ends; safe from any thread.
struct embedded_file {
  std::string_view path;          // with a leading slash: "/index.html", "/docs/openapi.yaml"
  std::string_view content_type;  // as the Content-Type header wants it
  std::string_view bytes;
  std::string_view etag;  // a hash of the bytes, in the double quotes that the ETag header wants
};

}  // namespace parley
