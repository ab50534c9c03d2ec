// Any bytes as a client's compressed message: a text within the bound, or a fault; and the same again, since no message
// depends on the one before it.
#include <string>

#include "fuzz/loopback_server.hpp"
#include "net/message_inflater.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using parley::fuzz::require;
  constexpr std::size_t most_bytes = 8 * 1024;
  static parley::message_inflater inflater(most_bytes, 64);
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const auto first = inflater.inflate(payload);
  require(first.text.size() <= most_bytes, "a text is within the bound");
  require(!first.fault || first.text.empty(), "a fault has no text");
  const std::string text(first.text);
  const auto second = inflater.inflate(payload);
  require(second.fault == first.fault && second.text == text, "the second time is as the first");
  return 0;
}
