// The fields of a new account, whoever makes it.
#pragma once

#include "net/request_body.hpp"
#include "parley/client_ports.hpp"

namespace parley {

/// Good only if the body has no refusal afterwards.
register_user read_registration(request_body& body);

}  // namespace parley
