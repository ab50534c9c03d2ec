// What one entry of an event stream holds, in bytes: a batch of events. Nodes of other versions read it, so that its
// form is fixed: another form, or another kind of event, is another version.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "parley/event_stream.hpp"
#include "store/record_bytes.hpp"

namespace parley {

/// The events must be consecutive, at least one, and the room's; anything else is a programmer's mistake and thrown.
std::string encode_record(const stream_batch& batch);
/// Takes any bytes: reads nothing outside them, and allocates in proportion to them. There is one way to write a
/// batch, so that what is taken encodes to the same bytes.
std::variant<stream_batch, record_fault> decode_record(std::string_view bytes);

}  // namespace parley
