// The record's layout: version, room, number of events, first seq; then each event as its kind and its fields. Numbers
// are varints (7 bits a byte, the lowest first), times 8 bytes, ids 16, texts have their length before them, and what
// may be absent has a byte that says whether it is there.
#include "store/stream_record.hpp"

#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

namespace parley {
namespace {

constexpr std::uint8_t version = 1;

class byte_writer {
 public:
  void octet(std::uint8_t value) { bytes_ += static_cast<char>(value); }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) octet(static_cast<std::uint8_t>(value | 0x80));
    octet(static_cast<std::uint8_t>(value));
  }
  void field(const uuid& value) {
    bytes_.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
  }
  void field(const std::string& value) {
    number(value.size());
    bytes_ += value;
  }
  void field(const timestamp& value) {
    const auto ms = static_cast<std::uint64_t>(value.time_since_epoch().count());
    for (int shift = 56; shift >= 0; shift -= 8) octet(static_cast<std::uint8_t>(ms >> shift));
  }
  void field(std::int64_t value) { number(static_cast<std::uint64_t>(value)); }
  template <class T>
  void field(const std::optional<T>& value) {
    octet(value ? 1 : 0);
    if (value) field(*value);
  }
  template <class Enum>
  void choice(Enum value, Enum) {
    octet(static_cast<std::uint8_t>(value));
  }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// After the first fault everything reads as nothing, so that it is looked for once, at the end.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }
  void fail() {
    failed_ = true;
    bytes_ = {};
  }

  std::uint8_t octet() {
    const auto one = take(1);
    return one.empty() ? 0 : static_cast<std::uint8_t>(one.front());
  }
  /// Refuses what has an empty last byte or more than 64 bits: there is one way to write a number.
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = octet();
      const std::uint64_t bits = byte & 0x7F;
      if (shift == 63 && bits > 1) break;
      value |= bits << shift;
      if ((byte & 0x80) != 0) continue;
      if (byte == 0 && shift > 0) break;
      return value;
    }
    fail();
    return 0;
  }
  void field(uuid& value) {
    if (const auto bytes = take(value.bytes.size()); !bytes.empty()) {
      std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
    }
  }
  void field(std::string& value) {
    const auto size = number();
    if (size > left()) return fail();
    value = take(static_cast<std::size_t>(size));
  }
  void field(timestamp& value) {
    std::uint64_t ms = 0;
    for (int i = 0; i < 8; ++i) ms = ms << 8 | octet();
    value = timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
  }
  void field(std::int64_t& value) {
    const auto read = number();
    if (read > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return fail();
    value = static_cast<std::int64_t>(read);
  }
  template <class T>
  void field(std::optional<T>& value) {
    const auto is_there = octet();
    if (is_there > 1) return fail();
    if (is_there == 1) field(value.emplace());
  }
  template <class Enum>
  void choice(Enum& value, Enum last) {
    const auto read = octet();
    if (read > static_cast<std::uint8_t>(last)) return fail();
    value = static_cast<Enum>(read);
  }

 private:
  /// So many bytes, or none when there are fewer.
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) {
      fail();
      return {};
    }
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  std::string_view bytes_;
  bool failed_ = false;
};

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

std::string_view to_string(record_fault fault) {
  return fault == record_fault::unknown_version ? "of an unknown version" : "broken";
}

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
