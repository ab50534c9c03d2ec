// The frame encoder: writes the JSON straight behind the place of its WebSocket header, then fills the header
// in.
#include "net/json_encoder.hpp"

#include <cstdint>
#include <string>

#include "net/json_writer.hpp"

namespace parley {
namespace {

// The header's size depends on the payload's. Four bytes (126 to 65,535 bytes of payload) fit almost every
// event, so that nothing has to move; for the rest the payload is shifted.
constexpr std::size_t guessed_header_bytes = 4;

template <class F>
void append_frame(std::string& out, F write_payload) {
  const auto start = out.size();
  out.append(guessed_header_bytes, '\0');
  write_payload();
  const auto payload_bytes = out.size() - start - guessed_header_bytes;
  std::string header;  // at most 10 bytes: no allocation
  append_frame_header(header, payload_bytes);
  out.replace(start, guessed_header_bytes, header);
}

class json_frame_encoder final : public frame_encoder {
 public:
  void append_event(std::string& out, const durable_event& event) const override {
    append_frame(out, [&] { json::append_object(out, event); });
  }

  void append_ack(std::string& out, const std::optional<std::string>& id, const ack_data& data) const override {
    append_frame(out, [&] {
      json::object_writer frame(out);
      frame.field("type", "ack").field("id", id);
      json::append_object(frame.begin("data"), data);
    });
  }

  void append_error(std::string& out, const std::optional<std::string>& id, const error& what) const override {
    append_frame(out, [&] {
      json::object_writer frame(out);
      frame.field("type", "error").field("id", id);
      json::object_writer(frame.begin("data"))
          .field("code", to_string(what.code))
          .field("message", what.message)
          .field("retry_after_ms", what.retry_after_ms);
    });
  }

  void append_notice(std::string& out, const notice& what) const override {
    append_frame(out, [&] { json::append_object(out, what); });
  }
};

}  // namespace

const frame_encoder& json_encoder() {
  static const json_frame_encoder encoder;
  return encoder;
}

}  // namespace parley
