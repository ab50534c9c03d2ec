// The operator's requests without a socket: for a tool that has the store open itself.
#pragma once

#include "net/connection_context.hpp"
#include "net/http_response.hpp"

namespace parley {

/// Answers as the admin socket would. Blocks until the actors behind `services` have answered.
http_reply answer_operator(net_services& services, http_request request);

}  // namespace parley
