// Which web pages may talk to this node: the Origin rule of WebSockets, CORS of REST, and the Host rule of
// development mode.
#pragma once

#include <string_view>

#include "parley/config.hpp"
#include "parley/error.hpp"

namespace parley {

/// True for this host (the request's Host header), for net.allowed_origins ("*" is not special), and with
/// --dev for any loopback origin. `null` and what is no origin are refused.
bool origin_is_allowed(std::string_view origin, std::string_view host, const config& settings);

/// Error: one of net.allowed_origins could never be the Origin of a page (RFC 6454), such as "chat.example.org", "*",
/// "https://*.example.org" or a name that is not in its ASCII form. Schemes of web views, such as capacitor://, may
/// stand.
result<void> check_allowed_origins(const config& settings);

/// "localhost", "127.0.0.1:8000", "[::1]:8000", …: --dev refuses all others, so that a page elsewhere cannot
/// reach a developer's node by a name that it points to 127.0.0.1.
bool host_header_is_loopback(std::string_view host);

}  // namespace parley
