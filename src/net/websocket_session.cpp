// The life of a WebSocket: accept, read, beat, drain, close.
#include "net/websocket_session.hpp"

#include <algorithm>
#include <boost/asio/bind_allocator.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <memory_resource>

#include "net/message_inflater.hpp"
#include "parley/log.hpp"
#include "parley/refusals.hpp"

namespace parley {

namespace websocket = boost::beast::websocket;
namespace http = boost::beast::http;

namespace {
constexpr std::size_t kept_buffer_bytes = 4 * 1024;
constexpr std::uint32_t most_unanswered_pings = 2;
constexpr auto too_slow_patience = std::chrono::seconds(2);
constexpr auto close_patience = std::chrono::seconds(5);
constexpr auto drain_patience = std::chrono::seconds(5);

/// One for all connections: a ping without payload.
const shared_bytes& ping_frame_bytes() {
  static const shared_bytes bytes = std::make_shared<const std::string>("\x89\x00", 2);
  return bytes;
}

/// An operation that mostly waits. By default Asio puts it into a block that some operation before it has left, which
/// may have been several times as large; this takes what it needs.
template <class Handler>
auto waits_for_long(Handler handler) {
  return boost::asio::bind_allocator(std::pmr::polymorphic_allocator<>(), std::move(handler));
}

#if BOOST_VERSION / 100 == 1081
// A larger one, with what std::make_shared puts beside it, takes the allocator's next block, of 512 bytes.
static_assert(sizeof(websocket_session) <= 432);
#endif
}  // namespace

void start_websocket_session(websocket_start start) {
  http_request request = std::move(start.upgrade_request);
  const std::string subprotocol = std::move(start.subprotocol);
  const std::string extensions = start.extensions;
  std::make_shared<websocket_session>(std::move(start))->accept(std::move(request), subprotocol, extensions);
}

websocket_session::websocket_session(websocket_start start)
    : shard_(start.shard),
      services_(start.services),
      stream_(std::move(start.stream)),
      buffer_(services_.settings.limits.frame_bytes + frame_decoder::padding_bytes),
      timer_(stream_.get_executor()),
      request_(
          std::make_unique<session_request>(session_request{std::move(start.who), {}, start.replay, start.only_room})),
      frame_rate_({static_cast<double>(services_.settings.limits.frames_per_second),
                   static_cast<double>(services_.settings.limits.frames_per_second)}),
      flood_(services_.settings.limits.frames_per_second),
      send_flood_(services_.settings.limits.send_rate_per_second),
      bad_frames_(services_.settings.limits.bad_frames_per_minute),
      takes_compressed_(!start.extensions.empty()) {}

websocket_session::~websocket_session() { leave(); }

void websocket_session::accept(http_request request, const std::string& subprotocol, const std::string& extensions) {
  stream_.read_message_max(services_.settings.limits.frame_bytes);
  stream_.set_option(websocket::stream_base::decorator([subprotocol, extensions](websocket::response_type& response) {
    response.set(http::field::server, "parley");
    if (!subprotocol.empty()) response.set(http::field::sec_websocket_protocol, subprotocol);
    if (!extensions.empty()) response.set(http::field::sec_websocket_extensions, extensions);
  }));
  start_timer(std::chrono::milliseconds(services_.settings.net.request_deadline_ms));
  stream_.async_accept(request, [self = shared_from_this()](boost::system::error_code ec) { self->on_accept(ec); });
}

void websocket_session::on_accept(boost::system::error_code ec) {
  if (ec || phase_ == phase::ended) return end();
  stream_.set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));  // frees what it held
  // Bytes are read by our operations alone, which hold this.
  layer().begin_frames([this](std::span<char> bytes) { on_received(bytes); });
  stream_.control_callback([this](websocket::frame_type, boost::beast::string_view) { ++controls_read_; });
  phase_ = phase::open;
  layer().set_owner(request_->who.user.id, request_->who.token);
  ref_ = shard_.register_connection(layer(), *this, takes_compressed_ ? frame_form::compressed : frame_form::plain);
  request_->connection = ref_;
  client_ = services_.actors.open_session(std::move(*request_));
  request_.reset();
  next_beat_ = next_beat_after(std::chrono::steady_clock::now());
  start_timer_at(next_beat_);
  if (services_.draining) begin_close(close_code::restarting);
}

// --- Reading ---

void websocket_session::read() {
  const bool wanted = (phase_ == phase::open && !paused_ && is_ready_) || phase_ == phase::closing;
  if (!wanted || reading_) return;
  reading_ = true;
  if (!has_read_all()) return read_message();
  // A read by Beast holds a buffer and an operation, most of what an idle connection would cost.
  buffer_.shrink_to_fit();
  layer().async_wait_received(
      waits_for_long([self = shared_from_this()](boost::system::error_code ec) { self->on_bytes(ec); }));
}

void websocket_session::on_bytes(boost::system::error_code ec) {
  if (!ec) return read_message();
  reading_ = false;
  end();
}

void websocket_session::read_message() {
  stream_.async_read(buffer_,
                     [self = shared_from_this()](boost::system::error_code ec, std::size_t) { self->on_read(ec); });
}

/// Neither Beast nor the layer holds bytes that nobody has looked at. Of unsound frames the meter counts more than
/// Beast tells of, so that Beast reads on and ends the connection.
bool websocket_session::has_read_all() const {
  return layer().awaits_peer() && meter_.is_between() && meter_.messages() == messages_read_ &&
         meter_.controls() == controls_read_;
}

void websocket_session::on_read(boost::system::error_code ec) {
  // Beast has sent the close frame that fits the failure: 1002, 1007, 1009, or the answer to the peer's own.
  if (ec) {
    reading_ = false;
    return end();
  }
  ++messages_read_;
  if (phase_ == phase::open) on_message();
  buffer_.consume(buffer_.size());
  if (buffer_.capacity() > kept_buffer_bytes) buffer_.shrink_to_fit();
  reading_ = false;  // only now: the message's handling must not start a read into the buffer it still uses
  read();
}

void websocket_session::on_message() {
  services_.counts.frames_received_total.add();
  const bool is_compressed = stream_.got_binary();
  if (is_compressed && !came_compressed()) return begin_close(close_code::unsupported_data);
  const steady_time now = std::chrono::steady_clock::now();
  const std::int64_t wait_ms = frame_rate_.try_take(now);

  buffer_.prepare(frame_decoder::padding_bytes);  // may move the data
  std::string_view text(static_cast<const char*>(buffer_.cdata().data()), buffer_.size());
  if (is_compressed) {
    const auto inflated = shard_.inflater().inflate(text);
    if (inflated.fault) return begin_close(*inflated.fault);
    services_.counts.bytes_inflated_total.add(inflated.text.size());
    text = inflated.text;
  }
  decoded_frame decoded = shard_.decoder().decode(text);
  if (decoded.is_invalid_utf8) return begin_close(close_code::invalid_utf8);
  // Before the limit of frames, which would hide from us how far above the limit of sends a client is.
  const bool is_durable = decoded.frame && std::holds_alternative<durable_frame>(decoded.frame->request);
  if (is_durable && send_flood_.count(now)) return begin_close(close_code::rate_limit_ignored);
  if (wait_ms > 0) {
    services_.counts.rate_limited_total.add();
    error why = make_error(error_code::rate_limited, "Too many frames: see limits.frames_per_second.");
    why.retry_after_ms = wait_ms;
    refuse(decoded.id(), why);
  } else if (decoded.frame.has_error()) {
    refuse(decoded.id(), decoded.frame.error());
  } else if (!shard_.knows_who_is_out(now)) {
    // The actor looks, too, but perhaps only once the lease holds again, and before it hears that this log-in ended.
    refuse(decoded.id(), not_up_to_date());
  } else if (is_durable && !shard_.overload().admit(now, durable_unanswered_)) {
    services_.counts.overload_refused_total.add();
    refuse(decoded.id(), busy("node: more is sent than it can answer in time; try again", 1'000));
  } else {
    if (is_durable) {
      if (!layer().has_unsent()) wait_sample_.begin(now, durable_unanswered_);
      ++durable_unanswered_;
    }
    submit(std::move(*decoded.frame));
  }
  if (decoded.bad) {
    services_.counts.bad_frames_total.add();
    if (bad_frames_.count(now)) begin_close(close_code::too_many_bad_frames);
  }
}

/// What Beast takes for a binary message is a compressed text to us, unless it came as a binary one.
bool websocket_session::came_compressed() const {
  return takes_compressed_ && (meter_.first_binary() == 0 || messages_read_ != meter_.first_binary());
}

/// Every frame costs us work, pings and empty fragments too, so all count towards a flood.
void websocket_session::on_received(std::span<char> bytes) {
  const std::uint32_t frames = meter_.feed(bytes, takes_compressed_);
  if (phase_ != phase::open) return;
  const steady_time now = std::chrono::steady_clock::now();
  if (frames > 0 && flood_.count(now, frames)) return begin_close(close_code::rate_limit_ignored);
  if (!meter_.in_message()) {
    message_end_ = steady_time::max();
  } else if (message_end_ == steady_time::max() || message_number_ != meter_.messages()) {
    message_number_ = meter_.messages();
    message_end_ = new_message_end();
    if (timer_.expiry() > message_end_) start_timer_at(message_end_);
  }
}

void websocket_session::submit(client_frame frame) {
  if (frame.takes_credit() && ++unanswered_ >= services_.settings.limits.unanswered_sends) set_paused(true);
  client_->submit(std::move(frame));
}

void websocket_session::refuse(const std::optional<std::string>& id, const error& why) {
  std::string frame;
  services_.encoder.append_error(frame, id, why);
  push(std::move(frame), slice_kind::frames);
}

void websocket_session::push(std::string frames, slice_kind kind) {
  if (layer().push(make_slice(std::move(frames), 1, kind)) != outbox::outcome::too_slow) return;
  services_.counts.closed_too_slow_total.add();
  layer().push_too_slow();
  on_closing(close_code::too_slow);
}

void websocket_session::set_paused(bool paused) {
  if (paused_ == paused) return;
  paused_ = paused;
  services_.counts.reads_paused.add(paused ? 1 : -1);
}

void websocket_session::resume_reading() {
  if (!paused_) return;
  set_paused(false);
  if (phase_ != phase::open || message_end_ == steady_time::max()) return;
  // While we did not read, nobody could complete a message.
  message_end_ = new_message_end();
  if (timer_.expiry() > message_end_) start_timer_at(message_end_);
}

void websocket_session::on_answers(const answered_frames& what) {
  const auto durable = std::min(what.durable, durable_unanswered_);
  durable_unanswered_ -= durable;
  shard_.overload().note_answered(durable);
  if (what.refused > 0) {
    wait_sample_.drop();
  } else if (const auto began = wait_sample_.answered(durable)) {
    shard_.overload().note_wait(std::chrono::steady_clock::now() - *began);
  }
  auto count = what.count;
  if (!std::exchange(is_ready_, true)) {
    --count;
    if (drain_due_ms_ >= 0) on_drain_announced(drain_due_ms_);
  }
  unanswered_ -= std::min(unanswered_, count);
  if (unanswered_ < services_.settings.limits.unanswered_sends) resume_reading();
  if (phase_ == phase::draining && unanswered_ == 0) return begin_close(close_code::restarting);
  read();
}

void websocket_session::on_room_failed(room_id room, sequence position) {
  if (client_) client_->room_failed(room, position);
}

// --- Time ---

void websocket_session::start_timer(std::chrono::steady_clock::duration after) {
  start_timer_at(std::chrono::steady_clock::now() + after);
}

void websocket_session::start_timer_at(steady_time when) {
  timer_.expires_at(when);
  timer_.async_wait(waits_for_long([self = shared_from_this()](boost::system::error_code ec) {
    // A wait that was over when the timer was set anew comes through without an error.
    if (!ec && self->timer_.expiry() <= std::chrono::steady_clock::now()) self->on_timer();
  }));
}

steady_time websocket_session::new_message_end() const {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(services_.settings.net.request_deadline_ms);
}

void websocket_session::on_timer() {
  switch (phase_) {
    case phase::open:
      return on_open_timer(std::chrono::steady_clock::now());
    case phase::draining:
      return begin_close(close_code::restarting);
    case phase::accepting:
    case phase::closing:
      layer().reset();  // ends the pending read, and with it the session
      if (!reading_) end();
      break;
    case phase::ended:
      break;
  }
}

void websocket_session::on_open_timer(steady_time now) {
  if (!paused_ && now >= message_end_) return begin_close(close_code::protocol_error);
  if (now >= next_beat_) {
    if (!beat()) return begin_close(close_code::going_away);
    next_beat_ = next_beat_after(now);
  }
  start_timer_at(paused_ ? next_beat_ : std::min(next_beat_, message_end_));
}

/// At marks that all connections share, so that the pings of many leave in one turn of the shard, and their pongs come
/// in one: at most a 256th of the interval early.
steady_time websocket_session::next_beat_after(steady_time now) const {
  constexpr int marks = 256;
  const steady_time::duration interval = std::chrono::milliseconds(services_.settings.net.heartbeat_ms);
  const auto at = (now + interval).time_since_epoch();
  return steady_time(at - at % std::max(interval / marks, steady_time::duration(1)));
}

/// False when too many pings went unanswered.
bool websocket_session::beat() {
  // Bytes of any kind are life. While we do not read, nobody can show any: the heartbeat stands still.
  if (paused_ || layer().received_bytes() != received_at_beat_) unanswered_pings_ = 0;
  if (unanswered_pings_ >= most_unanswered_pings) return false;
  received_at_beat_ = layer().received_bytes();
  if (!paused_) {
    ++unanswered_pings_;
    (void)layer().push(make_slice(ping_frame_bytes(), 1, slice_kind::control));
  }
  return true;
}

// --- Ends ---

void websocket_session::on_drain_announced(std::int64_t reconnect_after_ms) {
  if (phase_ != phase::open) return;
  if (!is_ready_) {
    drain_due_ms_ = static_cast<std::int32_t>(reconnect_after_ms);  // `ready` is the first frame
    return;
  }
  std::string frame;
  services_.encoder.append_notice(frame, drain_notice{reconnect_after_ms});
  push(std::move(frame), slice_kind::frames);
}

void websocket_session::on_drain_turn() {
  if (phase_ != phase::open) return;
  phase_ = phase::draining;
  if (unanswered_ == 0) return begin_close(close_code::restarting);
  start_timer(drain_patience);
}

void websocket_session::on_closing(close_code code) { await_end(code); }

void websocket_session::begin_close(close_code code) {
  if (phase_ == phase::closing || phase_ == phase::ended) return;
  layer().push_close(code);
  await_end(code);
}

/// The close frame is in the outbox: the client's session ends now, the socket when the peer has answered.
void websocket_session::await_end(close_code code) {
  if (phase_ == phase::closing || phase_ == phase::ended) return;
  log::debug("net", "websocket_closing", "{}: {}", static_cast<int>(code), reason(code));
  phase_ = phase::closing;
  leave();
  start_timer(code == close_code::too_slow ? std::chrono::steady_clock::duration(too_slow_patience) : close_patience);
  read();
}

void websocket_session::leave() {
  set_paused(false);
  shard_.overload().note_gone(std::exchange(durable_unanswered_, 0));
  if (ref_.number != 0) shard_.unregister_connection(std::exchange(ref_, {}));
  client_.reset();
}

void websocket_session::end() {
  if (phase_ == phase::ended) return;
  phase_ = phase::ended;
  leave();
  timer_.cancel();
}

}  // namespace parley
