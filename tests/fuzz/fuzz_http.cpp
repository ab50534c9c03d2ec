// Any bytes on a fresh connection: HTTP's own answers come back, never a 500, and the connection ends.
#include <string>

#include "fuzz/loopback_server.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using parley::fuzz::require;
  const auto said = parley::fuzz::exchange({reinterpret_cast<const char*>(data), size});
  if (said.empty()) return 0;
  require(said.starts_with("HTTP/1.1 ") || said.starts_with("HTTP/1.0 "), "an answer begins with its status line");
  const auto status = said.substr(9, 3);
  require(status >= "100" && status < "600" && status != "500", "a status, and not the server's own failure");
  require(said.find("\r\n\r\n") != std::string::npos, "the header has its end");
  return 0;
}
