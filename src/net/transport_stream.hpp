// The stream that Beast reads and writes: a handle to a connection's outbound layer, plain TCP or TLS behind one type.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/role.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/outbound_layer.hpp"

namespace parley {

/// Moves like a socket; the last handle closes the connection. Meets Beast's AsyncStream. All members run on the
/// connection's I/O thread, which is the only thread of its executor's context: no strand is needed.
class transport_stream {
 public:
  using executor_type = boost::asio::io_context::executor_type;

  explicit transport_stream(std::shared_ptr<outbound_layer> layer) : layer_(std::move(layer)) {}
  transport_stream(transport_stream&&) noexcept = default;
  transport_stream& operator=(transport_stream&& other) noexcept {
    std::swap(layer_, other.layer_);
    return *this;
  }
  ~transport_stream() {
    if (layer_) layer_->abandon();
  }

  [[nodiscard]] executor_type get_executor() const noexcept { return layer_->get_executor(); }
  /// Numeric, without the port.
  [[nodiscard]] const std::string& remote_address() const { return layer_->remote_address(); }
  [[nodiscard]] bool is_tls() const { return layer_->is_tls(); }
  /// Gives bytes back that a parser read too far; the next read begins with them.
  void unread(std::string_view bytes) { layer_->unread(bytes); }
  /// Ends the connection at once; pending operations finish with an error.
  void close() { layer_->close(); }
  /// Sends what waits (and TLS' farewell), shuts down, reads to the peer's end for a moment, closes. Needs no handler.
  void close_gracefully() { layer_->close_gracefully(); }
  [[nodiscard]] outbound_layer& layer() const { return *layer_; }
  [[nodiscard]] const std::shared_ptr<outbound_layer>& share_layer() const { return layer_; }

  template <class MutableBuffers, class Handler>
  auto async_read_some(const MutableBuffers& buffers, Handler&& handler) {
    return layer_->async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <class ConstBuffers, class Handler>
  auto async_write_some(const ConstBuffers& buffers, Handler&& handler) {
    return layer_->async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  std::shared_ptr<outbound_layer> layer_;
};

// What Beast's WebSocket stream calls when it is done with a connection, found by argument-dependent lookup. What waits
// is still sent; the connection ends by itself, so nobody needs to wait for it.

inline void beast_close_socket(transport_stream& stream) { stream.close(); }

inline void teardown(boost::beast::role_type, transport_stream& stream, boost::system::error_code& ec) {
  stream.close_gracefully();
  ec = {};
}

template <class Handler>
void async_teardown(boost::beast::role_type, transport_stream& stream, Handler&& handler) {
  stream.close_gracefully();
  boost::asio::post(stream.get_executor(),
                    boost::beast::bind_front_handler(std::forward<Handler>(handler), boost::system::error_code()));
}

}  // namespace parley
