// What one message of a signal's channel holds, in bytes: the node that sent it, the kind and its fields. The channel
// names the subject. Nodes of other versions read it, so that its form is fixed.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "parley/signal_bus.hpp"
#include "store/record_bytes.hpp"

namespace parley {

struct signal_record {
  uuid node;  ///< Which does not hear itself.
  signal_body body;
};

std::string encode_signal(const signal_record& record);
/// Takes any bytes and reads nothing outside them. A kind that is not known here is of an unknown version: a newer node
/// may have more of them. There is one way to write a signal.
std::variant<signal_record, record_fault> decode_signal(std::string_view bytes);

}  // namespace parley
