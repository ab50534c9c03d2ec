// Which of a client's offers to compress we take: permessage-deflate without context takeover (RFC 7692 section 7).
#pragma once

#include <string>
#include <string_view>

namespace parley {

/// What the answer's Sec-WebSocket-Extensions says to a request's; empty when none of its offers can be taken. Several
/// headers of that name are one list with commas between them.
std::string accept_compression(std::string_view offers);

}  // namespace parley
