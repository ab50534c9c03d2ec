// Any bytes after the upgrade: what comes back is whole frames, none of them after a close, and the connection ends.
#include <string>

#include "fuzz/loopback_server.hpp"
#include "net/outbox.hpp"

namespace {

using parley::fuzz::require;

constexpr std::string_view upgrade =
    "GET /ws?token=t HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The contract's codes, and the peer's own, which comes back: any that RFC 6455 section 7.4 lets stand on the wire.
bool may_be_sent(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1013) || (code >= 3000 && code < 5000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string request(upgrade);
  request.append(reinterpret_cast<const char*>(data), size);
  const auto said = parley::fuzz::exchange(request);
  require(said.starts_with("HTTP/1.1 101 "), "the upgrade is granted, but came: " + said.substr(0, 300));
  std::string_view rest(said);
  rest.remove_prefix(rest.find("\r\n\r\n") + 4);
  bool closed = false;
  while (!rest.empty()) {
    const auto length = parley::frame_size_at(rest);
    // The end may come in the middle of a frame only when the peer's reset destroyed what was on its way.
    if (length == 0 || length > rest.size()) break;
    const auto first = static_cast<unsigned char>(rest[0]);
    require(first == 0x81 || first == 0x88 || first == 0x89 || first == 0x8A,
            "a final text, close, ping or pong frame");
    require((static_cast<unsigned char>(rest[1]) & 0x80U) == 0, "the server does not mask");
    require(!closed, "nothing follows the close frame");
    if (first == 0x88) {
      closed = true;
      require(length == 2 || length >= 4, "a close frame has no payload, or a code");
      if (length >= 4) {
        const auto code =
            static_cast<unsigned>(static_cast<unsigned char>(rest[2])) << 8U | static_cast<unsigned char>(rest[3]);
        require(may_be_sent(code), "the close code may stand on the wire");
      }
    }
    rest.remove_prefix(length);
  }
  return 0;
}
