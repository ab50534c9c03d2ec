// The layer under HTTP and WebSocket: one socket, its outbox and, with TLS, its engine. All that leaves goes through
// here.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/outbox.hpp"
#include "net/tls_engine.hpp"
#include "parley/clock.hpp"
#include "parley/delivery.hpp"
#include "parley/metrics.hpp"

namespace parley {

class delivery_shard;

/// One of net.max_connections, counted from the accept to the socket's end.
class connection_place {
 public:
  explicit connection_place(gauge& taken) : taken_(&taken) { taken_->add(1); }
  connection_place(connection_place&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
  connection_place& operator=(connection_place&&) = delete;
  ~connection_place() {
    if (taken_ != nullptr) taken_->add(-1);
  }

 private:
  gauge* taken_;
};

/// Held by its transport_stream and by the operations under way; lives on its shard's thread only.
class outbound_layer : public std::enable_shared_from_this<outbound_layer> {
 public:
  using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
  using error_code = boost::system::error_code;
  using executor_type = boost::asio::io_context::executor_type;

  /// `tls` null: plain TCP.
  outbound_layer(tcp_socket socket, delivery_shard& shard, std::unique_ptr<tls_engine> tls, connection_place place);
  ~outbound_layer();
  outbound_layer(const outbound_layer&) = delete;
  outbound_layer& operator=(const outbound_layer&) = delete;

  [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
  [[nodiscard]] const std::string& remote_address() const { return remote_address_; }
  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }
  [[nodiscard]] bool is_open() const { return phase_ == phase::open; }
  /// Grows with anything that comes from the peer, whatever it is: a sign of life.
  [[nodiscard]] std::uint64_t received_bytes() const { return received_bytes_; }
  /// Grows with what the kernel takes: a sign that the peer reads.
  [[nodiscard]] std::uint64_t sent_bytes() const { return sent_bytes_; }
  [[nodiscard]] const outbox& waiting() const { return outbox_; }

  void unread(std::string_view bytes) { unread_.assign(bytes); }
  void close();
  void close_gracefully();
  /// Closes so that the peer sees a reset, and nothing that waits lingers in the kernel.
  void reset();
  /// The stream's handle is gone: closes, unless a graceful end is under way.
  void abandon();

  // --- Frames: after the upgrade ---

  /// From here on what Beast writes is taken as whole control frames. `on_received` sees every byte of the peer's
  /// frames before Beast does, and may change it; it may push frames, but not end the layer.
  void begin_frames(std::function<void(std::span<char>)> on_received);
  [[nodiscard]] bool in_frames() const { return in_frames_; }
  /// Enters the outbox; it leaves when the shard next flushes. Anything but `queued` changed nothing.
  outbox::outcome push(outbound_slice slice);
  /// The close frame; nothing enters after it.
  void push_close(close_code code);
  /// Drops the frames not begun, finishes the one begun, then the close frame 4408.
  void push_too_slow();
  /// Whose WebSocket it is from here on.
  void set_owner(const user_id& user, const token_hash& token);
  [[nodiscard]] bool is_owned_by(const revocation& what) const;
  /// Drops the frames not begun, finishes the one begun, then the close frame, if none is on its way. Lets go of
  /// `ended` once the peer has all, or the connection has ended; resets it when that takes too long.
  void push_revocation(close_code code, std::shared_ptr<void> ended);
  /// Something waits for the socket.
  [[nodiscard]] bool has_unsent() const;
  /// Runs the task on the shard once less than a quarter of the bound waits, or the connection has ended.
  void when_drained(std::function<void()> task);

  // --- Flushing: called by the shard ---

  /// Fills parts for one write; 0 when nothing waits or the socket is busy.
  std::size_t gather(std::span<iovec> parts);
  /// What became of that write. True: more waits and the socket took all; gather again.
  bool on_sent(ssize_t sent);
  /// After each attempt: who waited for room in the outbox, and ends that waited for its emptiness.
  void after_flush();
  /// Brings into the processor's cache what push(), gather() and on_sent() look at, for loops over many: so many layers
  /// before their turn.
  void prefetch() const {
    constexpr std::ptrdiff_t line = 64;
    const auto* const at = reinterpret_cast<const char*>(&outbox_);
    __builtin_prefetch(at - line);
    __builtin_prefetch(at);
    __builtin_prefetch(at + line);
    __builtin_prefetch(at + 2 * line);
  }
  static constexpr std::size_t fetched_ahead = 4;
  [[nodiscard]] int native_socket() { return socket_.native_handle(); }
  bool is_dirty = false;  ///< The shard's note that this layer is in its list.

  /// The next read would have to wait for the peer; never with TLS, whose engine holds what it likes.
  [[nodiscard]] bool awaits_peer() const { return !is_tls() && unread_.empty(); }
  /// Where awaits_peer(): until something can be read. Ends with an error when the layer does.
  template <class Handler>
  void async_wait_received(Handler&& handler) {
    socket_.async_wait(boost::asio::socket_base::wait_read, std::forward<Handler>(handler));
  }

  // --- Beast's AsyncStream ---

  template <class MutableBuffers, class Handler>
  auto async_read_some(const MutableBuffers& buffers, Handler&& handler) {
    boost::asio::mutable_buffer target;
    for (boost::asio::mutable_buffer part : boost::beast::buffers_range_ref(buffers)) {
      if (target.size() == 0) target = part;
    }
    return boost::asio::async_compose<Handler, void(error_code, std::size_t)>(read_op{shared_from_this(), target},
                                                                              handler, socket_);
  }

  /// Takes all bytes at once. Completes when they have left (HTTP), or when the outbox is within its bound (frames).
  template <class ConstBuffers, class Handler>
  auto async_write_some(const ConstBuffers& buffers, Handler&& handler) {
    return boost::asio::async_initiate<Handler, void(error_code, std::size_t)>(
        [](auto completion, outbound_layer* layer, const ConstBuffers& parts) {
          layer->begin_write();
          for (boost::asio::const_buffer part : boost::beast::buffers_range_ref(parts)) layer->add_to_write(part);
          layer->finish_write(
              std::make_unique<stored_write<decltype(completion)>>(layer->get_executor(), std::move(completion)));
        },
        handler, this, buffers);
  }

 private:
  enum class phase : std::uint8_t { open, flushing, shut, closed };

  /// A write whose completion is still owed.
  struct pending_write {
    virtual ~pending_write() = default;
    virtual void complete(error_code ec, std::size_t bytes) = 0;
  };
  template <class Handler>
  struct stored_write final : pending_write {
    stored_write(executor_type where, Handler what) : executor(std::move(where)), handler(std::move(what)) {}
    void complete(error_code ec, std::size_t bytes) override {
      boost::asio::post(executor, boost::beast::bind_front_handler(std::move(handler), ec, bytes));
    }
    executor_type executor;
    Handler handler;
  };

  /// One read: plain sockets read by Asio; with TLS we wait, fetch ciphertext into the shard's scratch, and decrypt.
  struct read_op {
    std::shared_ptr<outbound_layer> layer;
    boost::asio::mutable_buffer target;
    enum : std::uint8_t { starting, reading, awaiting, posted } step = starting;
    bool initiated = false;
    error_code result{};
    std::size_t count = 0;

    template <class Self>
    void operator()(Self& self, error_code ec = {}, std::size_t bytes = 0) {
      switch (step) {
        case starting:
          if (layer->take_unread(target, count)) {
            layer->note_received(target, count);
            return finish(self);
          }
          if (!layer->is_tls()) {
            step = reading;
            return layer->socket_.async_read_some(boost::asio::mutable_buffer(target), std::move(self));
          }
          break;
        case reading:
          layer->received_bytes_ += bytes;
          layer->note_received(target, bytes);
          return self.complete(ec, bytes);
        case posted:
          return self.complete(result, count);
        case awaiting:
          result = ec ? ec : layer->fetch_ciphertext();
          if (result) return self.complete(result, 0);
          break;
      }
      if (layer->decrypt(target, result, count)) {
        layer->note_received(target, count);
        return finish(self);
      }
      step = awaiting;
      initiated = true;
      layer->socket_.async_wait(boost::asio::socket_base::wait_read, std::move(self));
    }

    /// A completion may not run inside its own initiation.
    template <class Self>
    void finish(Self& self) {
      if (initiated) return self.complete(result, count);
      step = posted;
      auto executor = layer->get_executor();
      boost::asio::post(executor, std::move(self));
    }
  };

  bool take_unread(boost::asio::mutable_buffer target, std::size_t& count);
  void note_received(boost::asio::mutable_buffer target, std::size_t count) {
    if (count > 0 && on_received_) on_received_({static_cast<char*>(target.data()), count});
  }
  /// True when there is an outcome: bytes, or an error.
  bool decrypt(boost::asio::mutable_buffer target, error_code& ec, std::size_t& count);
  /// Feeds the engine what the socket has; an error when the connection ended.
  error_code fetch_ciphertext();
  void encrypt_waiting();

  void begin_write();
  void add_to_write(boost::asio::const_buffer part);
  void finish_write(std::unique_ptr<pending_write> write);

  void check_waiters();
  void wait_writable();
  void shut_down_sending();
  void read_to_end();

  connection_place place_;  ///< First, so that it is given back last: when the socket is closed.
  tcp_socket socket_;
  delivery_shard& shard_;
  std::unique_ptr<tls_engine> tls_;
  // What a delivery looks at, together: with a thousand recipients each line of it comes from far away.
  outbox outbox_;
  std::size_t gathered_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
  phase phase_ = phase::open;
  bool in_frames_ = false;
  bool tls_farewell_due_ = false;
  bool busy_ = false;  ///< The kernel's buffer was full; we wait until it is writable.
  std::unique_ptr<pending_write> write_;
  std::uint64_t write_mark_ = 0;  ///< Outbox position at which write_ is done.
  std::vector<std::function<void()>> when_drained_;
  // Up to here.

  std::size_t write_bytes_ = 0;
  struct owner {
    user_id user;
    token_hash token;
  };
  /// A revocation under way.
  struct revoking {
    explicit revoking(tcp_socket& socket) : poll(socket.get_executor()) {}
    std::vector<std::shared_ptr<void>> until_taken;
    steady_time ends{};
    boost::asio::steady_timer poll;
  };
  [[nodiscard]] bool has_untaken();
  void watch_revocation();

  std::unique_ptr<owner> owner_;
  std::unique_ptr<revoking> revoking_;
  std::function<void(std::span<char>)> on_received_;
  std::string control_;  ///< Beast's frame while its buffers are gathered.
  std::unique_ptr<boost::asio::steady_timer> end_deadline_;
  std::uint64_t received_bytes_ = 0;
  std::size_t read_away_bytes_ = 0;
  std::string unread_;
  std::string remote_address_;
};

}  // namespace parley
