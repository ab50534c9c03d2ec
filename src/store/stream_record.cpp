// The record's layout: version, room, number of events, first seq; then each event as its kind and its fields.
#include "store/stream_record.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

namespace parley {
namespace {

constexpr std::uint8_t version = 1;

// The fields of each kind in their order, once for both directions.

template <class Bytes, class... Fields>
void fields(Bytes& bytes, Fields&... each) {
  (bytes.field(each), ...);
}

template <class Bytes, class Event>
void transfer(Bytes& bytes, Event& event) {
  using kind = std::remove_const_t<Event>;
  if constexpr (std::is_same_v<kind, message_posted>) {
    fields(bytes, event.message, event.sender, event.display_name, event.content, event.file_url, event.reply_to,
           event.client_msg_id, event.created_at);
  } else if constexpr (std::is_same_v<kind, message_edited>) {
    fields(bytes, event.message, event.by, event.content, event.edited_at);
  } else if constexpr (std::is_same_v<kind, message_deleted>) {
    fields(bytes, event.message, event.by, event.deleted_at);
  } else if constexpr (std::is_same_v<kind, reaction_changed>) {
    fields(bytes, event.message, event.reaction, event.by, event.emoji, event.created_at);
    bytes.choice(event.action, reaction_action::remove);
  } else if constexpr (std::is_same_v<kind, member_joined>) {
    fields(bytes, event.user, event.by);
    bytes.choice(event.reason, join_reason::invited);
  } else if constexpr (std::is_same_v<kind, member_left>) {
    fields(bytes, event.user, event.by);
    bytes.choice(event.reason, leave_reason::removed);
  } else if constexpr (std::is_same_v<kind, room_renamed>) {
    fields(bytes, event.name, event.by);
  } else if constexpr (std::is_same_v<kind, member_muted>) {
    fields(bytes, event.user, event.by, event.until);
  } else {
    static_assert(std::is_same_v<kind, slow_mode_changed>, "a new kind of event needs its fields here");
    fields(bytes, event.seconds, event.by);
  }
}

/// What stands for each kind: its place in event_body. These are part of the form.
static_assert(std::variant_size_v<event_body> == 9, "a new kind of event is a new version");

template <std::size_t... Kinds>
bool read_body(byte_reader& bytes, event_body& body, std::uint8_t kind, std::index_sequence<Kinds...>) {
  return ((kind == Kinds && (transfer(bytes, body.emplace<Kinds>()), true)) || ...);
}

/// Of the smallest event: its kind, one id and a byte.
constexpr std::size_t least_event_bytes = 18;

}  // namespace

std::string encode_record(const stream_batch& batch) {
  if (batch.events.empty()) throw std::logic_error("a batch without events");
  byte_writer bytes;
  bytes.octet(version);
  bytes.field(batch.room);
  bytes.number(batch.events.size());
  sequence next = batch.events.front().seq;
  if (next < 1) throw std::logic_error("an event without a seq");
  bytes.field(next);
  for (const auto& event : batch.events) {
    if (event.room != batch.room || event.seq != next++)
      throw std::logic_error("the batch's events are not consecutive");
    bytes.octet(static_cast<std::uint8_t>(event.body.index()));
    std::visit([&](const auto& body) { transfer(bytes, body); }, event.body);
  }
  return bytes.take();
}

std::variant<stream_batch, record_fault> decode_record(std::string_view text) {
  byte_reader bytes(text);
  if (bytes.octet() != version) return text.empty() ? record_fault::broken : record_fault::unknown_version;
  stream_batch batch;
  bytes.field(batch.room);
  const auto count = bytes.number();
  sequence first = 0;
  bytes.field(first);
  if (bytes.failed() || count == 0 || count > bytes.left() / least_event_bytes) return record_fault::broken;
  const auto most = std::numeric_limits<sequence>::max() - static_cast<sequence>(count);
  if (first < 1 || first > most) return record_fault::broken;
  batch.events.resize(static_cast<std::size_t>(count));
  for (auto& event : batch.events) {
    event.room = batch.room;
    event.seq = first++;
    const auto kind = bytes.octet();
    const bool is_known =
        read_body(bytes, event.body, kind, std::make_index_sequence<std::variant_size_v<event_body>>{});
    if (!is_known || bytes.failed()) return record_fault::broken;
  }
  if (bytes.left() > 0) return record_fault::broken;
  return batch;
}

}  // namespace parley
