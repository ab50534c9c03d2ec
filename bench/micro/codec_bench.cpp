// What it costs to turn one client frame into a command: the frame decoder, by the kind and size of the frame.
#include <benchmark/benchmark.h>

#include "net/json_codec.hpp"
#include "net/json_writer.hpp"
#include "samples.hpp"

namespace parley::bench {
namespace {

std::string frame(const std::string& type, const std::string& fields) {
  return R"({"type":")" + type + R"(","id":"17","data":{"room_id":")" + to_string(numbered_uuid(1)) + "\"," + fields +
         "}}";
}

std::string send_of(const std::string& content) {
  std::string fields = "\"content\":";
  json::append_string(fields, content);
  return frame("send_message", fields + R"(,"client_msg_id":")" + to_string(numbered_uuid(2)) + "\"");
}

std::string send_128() { return send_of(sample_text(128)); }
std::string send_4096() { return send_of(sample_text(4096)); }
/// Two and three bytes a letter: looked through as UTF-8.
std::string send_4096_vietnamese() {
  std::string content;
  while (content.size() < 4096) content += "Hẹn gặp lại các bạn ở quán cà phê. ";
  return send_of(content);
}
std::string typing() { return frame("typing", "\"is_typing\":true"); }
std::string read() { return frame("read", "\"seq\":123456"); }
std::string ping() { return R"({"type":"ping"})"; }
/// Cut off in the middle of its text.
std::string broken_128() {
  auto text = send_128();
  text.resize(text.size() / 2);
  return text;
}
/// Well-formed, but with a field of a wrong kind: refused by name, the connection's id in the answer.
std::string refused() { return frame("read", "\"seq\":\"twelve\""); }

template <class Request>
bool holds(const decoded_frame& decoded) {
  return decoded.frame && std::holds_alternative<Request>(decoded.frame->request);
}
bool is_broken(const decoded_frame& decoded) { return !decoded.frame && decoded.bad; }
bool is_refused(const decoded_frame& decoded) { return !decoded.frame && !decoded.bad && decoded.refused_id == "17"; }

void decode(benchmark::State& state, std::string (*text)(), bool (*is_right)(const decoded_frame&)) {
  auto payload = text();
  payload.reserve(payload.size() + frame_decoder::padding_bytes);
  frame_decoder decoder{limits_config{}};
  if (!is_right(decoder.decode(payload))) return state.SkipWithError("the frame is taken for something else");
  for (auto _ : state) {
    auto decoded = decoder.decode(payload);
    benchmark::DoNotOptimize(decoded);
  }
  report(state, 1, payload.size());
}

BENCHMARK_CAPTURE(decode, send_128, send_128, holds<durable_frame>);
BENCHMARK_CAPTURE(decode, send_4096, send_4096, holds<durable_frame>);
BENCHMARK_CAPTURE(decode, send_4096_vietnamese, send_4096_vietnamese, holds<durable_frame>);
BENCHMARK_CAPTURE(decode, typing, typing, holds<typing_frame>);
BENCHMARK_CAPTURE(decode, read, read, holds<read_frame>);
BENCHMARK_CAPTURE(decode, ping, ping, holds<ping_frame>);
BENCHMARK_CAPTURE(decode, broken_128, broken_128, is_broken);
BENCHMARK_CAPTURE(decode, refused, refused, is_refused);

}  // namespace
}  // namespace parley::bench

BENCHMARK_MAIN();
