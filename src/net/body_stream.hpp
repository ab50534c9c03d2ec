// Bodies that are not held in memory: a request's as it comes, a response's as it is fetched.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "parley/error.hpp"

namespace parley {

/// A request's body, read piece by piece on the connection's thread. Nobody reads ahead: a client sends as fast as its
/// pieces are taken.
class body_stream {
 public:
  virtual ~body_stream() = default;
  /// `bytes` is valid until the callback returns. An error is the client's (too much, no valid HTTP). When the
  /// connection ends, the callback is dropped.
  using on_piece = std::function<void(result<std::string_view> bytes, bool is_last)>;
  /// One at a time.
  virtual void read(on_piece then) = 0;
  /// Content-Length; nothing when the client sends chunks.
  [[nodiscard]] virtual std::optional<std::uint64_t> announced_bytes() const = 0;
};

/// A response's body, fetched piece by piece; all on the connection's thread.
class byte_source {
 public:
  virtual ~byte_source() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// The next bytes, never none before `size` of them have come. One at a time. An error ends the connection, since the
  /// response has begun.
  virtual void next(std::function<void(result<std::string>)> then) = 0;
  /// When the connection ends though not all has left, however it trickles.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point ends_at() const = 0;
};

}  // namespace parley
