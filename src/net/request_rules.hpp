// What a request's header must fulfil before anything is made of the request.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "net/problem.hpp"
#include "parley/config.hpp"

namespace parley {

/// Why the connection ends behind an answer: too many fields, a body of unsound length, an unknown expectation.
std::optional<http_reply> header_fault(const boost::beast::http::request_header<>& fields);

/// Whether the client sends its body once it hears that it is wanted (RFC 9110 section 10.1.1).
bool waits_for_continue(const boost::beast::http::request_header<>& fields);

/// RFC 9112 section 3.2; in development mode only loopback names, against DNS rebinding.
std::optional<http_reply> host_fault(const boost::beast::http::request_header<>& fields, const std::string& host,
                                     const config& settings);

/// Whether its handler reads the body, piece by piece.
bool is_upload(const boost::beast::http::request_header<>& fields);

/// What to answer whose request could not be read; nothing where the socket has ended, or our own deadline.
std::optional<http_reply> read_fault(boost::system::error_code ec, std::uint32_t header_bytes,
                                     std::uint64_t body_bytes);
http_reply body_too_large(std::uint64_t limit);

}  // namespace parley
