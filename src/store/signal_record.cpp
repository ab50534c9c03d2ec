// The record's layout: version, node, kind, fields.
#include "store/signal_record.hpp"

#include <limits>
#include <type_traits>
#include <utility>

namespace parley {
namespace {

constexpr std::uint8_t signal_version = 1;

// The fields of each kind in their order, once for both directions.

void transfer_count(byte_writer& bytes, std::uint32_t count) { bytes.number(count); }
void transfer_count(byte_reader& bytes, std::uint32_t& count) {
  const auto read = bytes.number();
  if (read > std::numeric_limits<std::uint32_t>::max()) return bytes.fail();
  count = static_cast<std::uint32_t>(read);
}

template <class Bytes, class Message>
void transfer_trace(Bytes& bytes, Message& message) {
  bytes.field(message.message);
  bytes.field(message.room);
  bytes.field(message.seq);
  bytes.choice(message.origin, message_origin::store);
  bytes.field(message.known_at);
  bytes.field(message.to_store_us);
  bytes.field(message.committed_us);
  bytes.field(message.delivered_us);
  transfer_count(bytes, message.batch_commands);
  transfer_count(bytes, message.connections);
}

void transfer_log_ins(byte_writer& bytes, const std::vector<open_sockets>& log_ins) {
  transfer_count(bytes, static_cast<std::uint32_t>(log_ins.size()));
  for (const auto& each : log_ins) {
    bytes.field(each.token);
    transfer_count(bytes, each.count);
  }
}
void transfer_log_ins(byte_reader& bytes, std::vector<open_sockets>& log_ins) {
  std::uint32_t count = 0;
  transfer_count(bytes, count);
  if (count > most_told_log_ins) return bytes.fail();
  log_ins.resize(count);
  for (auto& each : log_ins) {
    bytes.field(each.token);
    transfer_count(bytes, each.count);
  }
}

template <class Bytes, class Signal>
void transfer_signal(Bytes& bytes, Signal& signal) {
  using kind = std::remove_const_t<Signal>;
  if constexpr (std::is_same_v<kind, typing_signal>) {
    bytes.field(signal.user);
    bytes.flag(signal.is_typing);
  } else if constexpr (std::is_same_v<kind, read_signal>) {
    bytes.field(signal.user);
    bytes.field(signal.seq);
  } else if constexpr (std::is_same_v<kind, trace_question>) {
    bytes.field(signal.question);
    bytes.field(signal.message);
  } else if constexpr (std::is_same_v<kind, sockets_question>) {
    bytes.field(signal.question);
    bytes.field(signal.user);
  } else if constexpr (std::is_same_v<kind, sockets_answer>) {
    bytes.field(signal.question);
    bytes.field(signal.node);
    transfer_log_ins(bytes, signal.log_ins);
  } else {
    static_assert(std::is_same_v<kind, trace_answer>, "a new kind of signal needs its fields here");
    bytes.field(signal.question);
    bytes.field(signal.node);
    bool is_known = signal.known.has_value();
    bytes.flag(is_known);
    if (!is_known) return;
    if constexpr (!std::is_const_v<Signal>) signal.known.emplace();
    transfer_trace(bytes, *signal.known);
  }
}

template <std::size_t... Kinds>
bool read_signal_body(byte_reader& bytes, signal_body& body, std::uint8_t kind, std::index_sequence<Kinds...>) {
  return ((kind == Kinds && (transfer_signal(bytes, body.emplace<Kinds>()), true)) || ...);
}

}  // namespace

std::string encode_signal(const signal_record& record) {
  byte_writer bytes;
  bytes.octet(signal_version);
  bytes.field(record.node);
  bytes.octet(static_cast<std::uint8_t>(record.body.index()));
  std::visit([&](const auto& body) { transfer_signal(bytes, body); }, record.body);
  return bytes.take();
}

std::variant<signal_record, record_fault> decode_signal(std::string_view text) {
  byte_reader bytes(text);
  if (bytes.octet() != signal_version) return text.empty() ? record_fault::broken : record_fault::unknown_version;
  signal_record record;
  bytes.field(record.node);
  const auto kind = bytes.octet();
  if (bytes.failed()) return record_fault::broken;
  constexpr auto kinds = std::make_index_sequence<std::variant_size_v<signal_body>>{};
  if (!read_signal_body(bytes, record.body, kind, kinds)) return record_fault::unknown_version;
  if (bytes.failed() || bytes.left() > 0) return record_fault::broken;
  return record;
}

}  // namespace parley
