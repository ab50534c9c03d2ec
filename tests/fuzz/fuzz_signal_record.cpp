// Any bytes as a message of a signal's channel: they are refused, or are a signal that is written in just this way.
#include <string>
#include <variant>

#include "fuzz/loopback_server.hpp"
#include "store/signal_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto outcome = decode_signal(bytes);
  if (const auto* record = std::get_if<signal_record>(&outcome)) {
    fuzz::require(encode_signal(*record) == bytes, "there is one way to write a signal");
  }
  return 0;
}
