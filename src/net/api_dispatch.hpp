// Finds what answers a request: a route, a file of the page, or a refusal.
#pragma once

#include <functional>

#include "net/api_call.hpp"

namespace parley {

/// On the connection's thread. `take_place`: false where the node has too many requests of the API at once.
void dispatch(const api_call_ptr& call, peer_kind peer, const std::function<bool()>& take_place);

}  // namespace parley
