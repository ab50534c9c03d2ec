// What one entry of an event stream holds, in bytes: a batch of events. Nodes of other versions read it, so that its
// form is fixed: another form, or another kind of event, is another version.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "parley/event_stream.hpp"

namespace parley {

/// Why bytes are no batch; told apart for the log only.
enum class record_fault : std::uint8_t {
  unknown_version,  ///< A newer node wrote it.
  broken,
};
std::string_view to_string(record_fault fault);

/// The events must be consecutive, at least one, and the room's; anything else is a programmer's mistake and thrown.
std::string encode_record(const stream_batch& batch);
/// Takes any bytes: reads nothing outside them, and allocates in proportion to them. There is one way to write a
/// batch, so that what is taken encodes to the same bytes.
std::variant<stream_batch, record_fault> decode_record(std::string_view bytes);

}  // namespace parley
