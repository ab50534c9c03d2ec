// One WebSocket connection: reads frames within their limits, hands them to the client's actor, and keeps its hours.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "net/connection_context.hpp"
#include "net/delivery_shard.hpp"
#include "net/flood_guard.hpp"
#include "net/frame_meter.hpp"
#include "parley/clock.hpp"
#include "parley/rate_limit.hpp"

namespace parley {

/// Lives by its pending operations, on its shard's thread. What leaves does not pass through here: the shard puts it
/// into the outbound layer; Beast's stream reads, and writes only pongs and closes. A message that is not complete
/// within net.request_deadline_ms of its first byte ends the connection with 1002: an unfinished one holds a buffer and
/// escapes the limit of frames.
class websocket_session final : public std::enable_shared_from_this<websocket_session>, private connection_events {
 public:
  explicit websocket_session(websocket_start start);
  ~websocket_session();
  websocket_session(const websocket_session&) = delete;
  websocket_session& operator=(const websocket_session&) = delete;

  void accept(http_request request, const std::string& subprotocol, const std::string& extensions);

 private:
  enum class phase : std::uint8_t {
    accepting,  ///< The answer to the upgrade is on its way.
    open,
    draining,  ///< Not read any more; closes when everything is answered.
    closing,   ///< The close frame is in the outbox; what comes in is dropped, until the peer's own close.
    ended,
  };
  using stream_type = boost::beast::websocket::stream<transport_stream, false>;
  using timer_type =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                        boost::asio::io_context::executor_type>;

  void on_accept(boost::system::error_code ec);
  void read();
  void read_message();
  void on_bytes(boost::system::error_code ec);
  [[nodiscard]] bool has_read_all() const;
  void on_read(boost::system::error_code ec);
  void on_message();
  void on_received(std::span<char> bytes);
  [[nodiscard]] bool came_compressed() const;
  void submit(client_frame frame);
  void refuse(const std::optional<std::string>& id, const error& why);
  void push(std::string frames, slice_kind kind);

  void start_timer(std::chrono::steady_clock::duration after);
  void start_timer_at(steady_time when);
  void on_timer();
  void on_open_timer(steady_time now);
  [[nodiscard]] steady_time next_beat_after(steady_time now) const;
  [[nodiscard]] bool beat();
  [[nodiscard]] steady_time new_message_end() const;
  void set_paused(bool paused);
  void resume_reading();

  void begin_close(close_code code);
  void await_end(close_code code);
  void leave();
  void end();

  // connection_events
  void on_answers(const answered_frames& what) override;
  void on_room_failed(room_id room, sequence position) override;
  void on_closing(close_code code) override;
  void on_drain_announced(std::int64_t reconnect_after_ms) override;
  void on_drain_turn() override;

  [[nodiscard]] outbound_layer& layer() { return stream_.next_layer().layer(); }
  [[nodiscard]] const outbound_layer& layer() const { return stream_.next_layer().layer(); }

  delivery_shard& shard_;
  net_services& services_;
  stream_type stream_;
  boost::beast::flat_buffer buffer_;
  timer_type timer_;
  std::unique_ptr<session_request> request_;  ///< Until the client's session is open.
  std::unique_ptr<client_session> client_;
  connection_ref ref_;
  rate_limiter frame_rate_;
  flood_guard flood_;
  flood_guard send_flood_;  ///< Of durable frames, against the limit of sends.
  frame_meter meter_;
  bad_frame_guard bad_frames_;
  std::uint32_t unanswered_ = 0;
  std::uint32_t durable_unanswered_ = 0;  ///< Of these, as the shard's overload guard counts them.
  wait_sample wait_sample_;
  std::uint64_t received_at_beat_ = 0;
  steady_time next_beat_{};
  steady_time message_end_ = steady_time::max();  ///< By when the message at hand must be complete.
  std::uint32_t unanswered_pings_ = 0;
  std::uint32_t message_number_ = 0;  ///< The one that message_end_ speaks of.
  std::uint32_t messages_read_ = 0;   ///< By Beast, as
  std::uint32_t controls_read_ = 0;   ///< control frames.
  std::int32_t drain_due_ms_ = -1;    ///< To be told behind `ready`; -1: not.
  phase phase_ = phase::accepting;
  bool is_ready_ = false;  ///< `ready` is in the outbox: it is the first frame, whatever the client says before.
  bool reading_ = false;
  bool paused_ = false;
  bool takes_compressed_ = false;
};

}  // namespace parley
