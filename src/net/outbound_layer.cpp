// One connection's bytes on their way out: the outbox, TLS records, a busy socket, and the ways to end.
#include "net/outbound_layer.hpp"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstring>

#include "net/delivery_shard.hpp"

namespace parley {

namespace asio = boost::asio;

namespace {
constexpr auto end_patience = std::chrono::seconds(5);
constexpr int kernel_unsent_bytes = 128 * 1024;      // more waits in our outbox, where it is counted
constexpr std::size_t ciphertext_ahead = 64 * 1024;  // encrypted for one write

/// A close frame that gives the peer a number back that is no close code: Beast takes those from 5000 on for sound.
bool echoes_no_code(std::string_view frame) {
  if (frame.size() < 4) return false;
  return (static_cast<unsigned>(static_cast<unsigned char>(frame[2])) << 8U | static_cast<unsigned char>(frame[3])) >=
         5'000;
}
// At the end: what the peer had on its way is read and forgotten, but others have their turn, and nobody goes on for
// ever.
constexpr int reads_a_turn = 16;
constexpr std::size_t most_read_away = 32 * 1024 * 1024;
}  // namespace

outbound_layer::outbound_layer(tcp_socket socket, delivery_shard& shard, std::unique_ptr<tls_engine> tls,
                               connection_place place)
    : place_(std::move(place)), socket_(std::move(socket)), shard_(shard), tls_(std::move(tls)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.native_non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  // Not fatal either: without it more of what waits is held by the kernel.
  (void)::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kernel_unsent_bytes,
                     sizeof kernel_unsent_bytes);
  const auto peer = socket_.remote_endpoint(ignored);
  if (!ignored) remote_address_ = peer.address().to_string();
  shard_.add_layer(*this);
}

outbound_layer::~outbound_layer() { shard_.remove_layer(*this); }

// --- Ways to end ---

void outbound_layer::close() {
  if (phase_ == phase::closed) return;
  phase_ = phase::closed;
  outbox_.clear();
  error_code ignored;
  socket_.close(ignored);
  end_deadline_.reset();
  check_waiters();
}

void outbound_layer::reset() {
  if (phase_ == phase::closed) return;
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void outbound_layer::abandon() {
  if (phase_ == phase::open) close();
}

void outbound_layer::close_gracefully() {
  if (phase_ != phase::open) return;
  phase_ = phase::flushing;
  end_deadline_ = std::make_unique<asio::steady_timer>(socket_.get_executor(), end_patience);
  // The wait keeps the layer when its stream is gone.
  end_deadline_->async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->reset();
  });
  // Before the handshake's end there is nothing to say farewell to.
  if (tls_ && tls_->is_established()) tls_farewell_due_ = true;
  shard_.mark_dirty(*this);
}

void outbound_layer::shut_down_sending() {
  phase_ = phase::shut;
  error_code ec;
  socket_.shutdown(asio::socket_base::shutdown_send, ec);
  if (ec) return close();
  read_to_end();
}

/// The peer's last bytes are read away: closing over unread bytes would reset the connection and with it our last ones.
void outbound_layer::read_to_end() {
  for (int reads = 0; reads < reads_a_turn; ++reads) {
    const ssize_t count = ::recv(socket_.native_handle(), shard_.scratch().data(), shard_.scratch().size(), 0);
    if (count > 0) {
      read_away_bytes_ += static_cast<std::size_t>(count);
      if (read_away_bytes_ > most_read_away) return close();
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    return close();
  }
  socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](error_code ec) {
    if (!ec && self->phase_ == phase::shut) self->read_to_end();
  });
}

// --- Frames ---

void outbound_layer::begin_frames(std::function<void(std::span<char>)> on_received) {
  in_frames_ = true;
  on_received_ = std::move(on_received);
  shard_.note_frames_begun();
}

outbox::outcome outbound_layer::push(outbound_slice slice) {
  if (phase_ != phase::open) return outbox::outcome::sealed;
  if (!busy_ && outbox_.judge(slice, shard_.bounds()) == outbox::outcome::too_slow) {
    // Much came at once and nobody has tried the socket since: judge after that.
    shard_.flush_now(*this);
  }
  const auto outcome = outbox_.push(std::move(slice), shard_.bounds());
  if (outcome == outbox::outcome::queued) shard_.mark_dirty(*this);
  return outcome;
}

void outbound_layer::push_close(close_code code) {
  if (phase_ != phase::open) return;
  outbox_.push_last(make_slice(close_frame(code), 1, slice_kind::control));
  shard_.mark_dirty(*this);
}

void outbound_layer::push_too_slow() {
  if (phase_ != phase::open) return;
  outbox_.drop_unbegun();
  push_close(close_code::too_slow);
}

void outbound_layer::set_owner(const user_id& user, const token_hash& token) {
  owner_ = std::make_unique<owner>(owner{user, token});
}

bool outbound_layer::is_owned_by(const revocation& what) const {
  return owner_ && owner_->user == what.user && what.concerns(owner_->token);
}

void outbound_layer::push_revocation(close_code code, std::shared_ptr<void> ended) {
  if (phase_ == phase::closed) return;
  outbox_.drop_unbegun();
  push_close(code);
  shard_.mark_dirty(*this);
  if (!revoking_) {
    revoking_ = std::make_unique<revoking>(socket_);
    revoking_->ends = std::chrono::steady_clock::now() + revocation_patience;
  }
  revoking_->until_taken.push_back(std::move(ended));
  watch_revocation();
}

/// The kernel tells nobody when the peer has taken what it holds: it is asked until then.
void outbound_layer::watch_revocation() {
  constexpr std::chrono::milliseconds step{5};
  revoking_->poll.expires_after(step);
  revoking_->poll.async_wait([self = shared_from_this()](error_code ec) {
    if (ec || !self->revoking_) return;
    if (self->phase_ == phase::closed || !self->has_untaken()) return self->revoking_.reset();
    if (std::chrono::steady_clock::now() >= self->revoking_->ends) return self->reset();
    self->watch_revocation();
  });
}

bool outbound_layer::has_untaken() {
  if (has_unsent()) return true;
  int bytes = 0;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

void outbound_layer::when_drained(std::function<void()> task) {
  when_drained_.push_back(std::move(task));
  shard_.mark_dirty(*this);
}

// --- Flushing ---

std::size_t outbound_layer::gather(std::span<iovec> parts) {
  if (busy_ || phase_ == phase::closed || phase_ == phase::shut) return 0;
  if (!tls_) {
    const std::size_t count = outbox_.gather(parts);
    gathered_bytes_ = 0;
    for (const iovec& part : parts.first(count)) gathered_bytes_ += part.iov_len;
    return count;
  }
  encrypt_waiting();
  const std::string_view ciphertext = tls_->pending();
  gathered_bytes_ = ciphertext.size();
  if (ciphertext.empty() || phase_ == phase::closed) return 0;
  parts[0] = {const_cast<char*>(ciphertext.data()), ciphertext.size()};  // NOLINT(*-const-cast): only read
  return 1;
}

/// Small frames share a record: each has a header, a tag and its own run of the cipher.
void outbound_layer::encrypt_waiting() {
  if (!tls_->is_established()) return;
  std::array<iovec, 64> parts;
  const std::span<char> record = shard_.scratch().first(tls_engine::record_bytes);
  while (!outbox_.empty() && tls_->pending().size() < ciphertext_ahead) {
    const std::size_t count = outbox_.gather(parts, record.size());
    std::size_t size = 0;
    for (const iovec& part : std::span(parts).first(count)) {
      std::memcpy(record.data() + size, part.iov_base, part.iov_len);
      size += part.iov_len;
    }
    if (!tls_->write(record.first(size))) return close();
    shard_.sent().frames += outbox_.consume(size);
  }
  if (outbox_.empty() && tls_farewell_due_) {
    tls_farewell_due_ = false;
    tls_->shut_down();
  }
}

bool outbound_layer::on_sent(ssize_t sent) {
  if (phase_ == phase::closed) return false;
  if (sent < 0 && sent != -EAGAIN) {
    close();
    return false;
  }
  const auto bytes = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
  sent_bytes_ += bytes;
  shard_.sent().bytes += bytes;
  if (tls_) {
    tls_->consume_pending(bytes);
  } else {
    shard_.sent().frames += outbox_.consume(bytes);
  }
  if (bytes < gathered_bytes_) {
    wait_writable();
    return false;
  }
  return has_unsent();
}

bool outbound_layer::has_unsent() const {
  return !outbox_.empty() || (tls_ && (tls_farewell_due_ || !tls_->pending().empty()));
}

void outbound_layer::wait_writable() {
  if (busy_) return;
  busy_ = true;
  socket_.async_wait(asio::socket_base::wait_write, [self = shared_from_this()](error_code ec) {
    self->busy_ = false;
    if (!ec && self->phase_ != phase::closed) self->shard_.mark_dirty(*self);
  });
}

void outbound_layer::after_flush() {
  if (phase_ == phase::flushing && !busy_ && !has_unsent()) shut_down_sending();
  check_waiters();
}

void outbound_layer::check_waiters() {
  const bool failed = phase_ == phase::closed;
  const bool has_left = outbox_.left() >= write_mark_ && (!tls_ || tls_->pending().empty());
  if (write_ && (failed || has_left || (in_frames_ && !outbox_.over(shard_.bounds())))) {
    const auto write = std::move(write_);
    write->complete(failed ? asio::error::operation_aborted : error_code(), failed ? 0 : write_bytes_);
  }
  if (failed) revoking_.reset();
  if (!when_drained_.empty() && (outbox_.is_sealed() || outbox_.under_quarter(shard_.bounds()))) {
    for (auto& task : std::exchange(when_drained_, {})) shard_.run_after_work(std::move(task));
  }
}

// --- Beast's writes ---

void outbound_layer::begin_write() {
  write_bytes_ = 0;
  control_.clear();
}

void outbound_layer::add_to_write(asio::const_buffer part) {
  write_bytes_ += part.size();
  const auto* bytes = static_cast<const char*>(part.data());
  if (in_frames_) {
    control_.append(bytes, part.size());
  } else if (phase_ == phase::open && part.size() > 0) {
    // Not copied: the writer keeps its buffers until the write completes.
    (void)outbox_.push(borrow_slice(bytes, part.size()), shard_.bounds());
  }
}

void outbound_layer::finish_write(std::unique_ptr<pending_write> write) {
  if (phase_ != phase::open) return write->complete(asio::error::broken_pipe, 0);
  if (in_frames_ && !control_.empty()) {
    const bool is_close = static_cast<unsigned char>(control_[0]) == 0x88;
    if (is_close && echoes_no_code(control_)) control_ = close_frame(close_code::protocol_error);
    auto slice = make_slice(std::exchange(control_, {}), 1, slice_kind::control);
    // After our own close frame Beast may still want to answer the peer's: it enters no more, and Beast need not know.
    if (is_close) {
      outbox_.push_last(std::move(slice));
    } else {
      (void)outbox_.push(std::move(slice), shard_.bounds());
    }
  }
  write_mark_ = outbox_.entered();
  write_ = std::move(write);
  shard_.mark_dirty(*this);
}

// --- Beast's reads ---

bool outbound_layer::take_unread(asio::mutable_buffer target, std::size_t& count) {
  if (unread_.empty() && target.size() > 0) return false;
  count = asio::buffer_copy(target, asio::buffer(unread_));
  unread_.erase(0, count);
  if (unread_.empty()) unread_ = {};
  return true;
}

bool outbound_layer::decrypt(asio::mutable_buffer target, error_code& ec, std::size_t& count) {
  const auto outcome = tls_->read({static_cast<char*>(target.data()), target.size()}, count);
  // A handshake's answer, a session ticket; or an alert, which must leave before the owner learns of the error.
  const bool ended = outcome == tls_engine::read_outcome::closed || outcome == tls_engine::read_outcome::failed;
  if (!tls_->pending().empty()) {
    if (ended) {
      shard_.flush_now(*this);
    } else {
      shard_.mark_dirty(*this);
    }
  }
  switch (outcome) {
    case tls_engine::read_outcome::want_more:
      return false;
    case tls_engine::read_outcome::data:
      return true;
    case tls_engine::read_outcome::closed:
      ec = asio::error::eof;
      return true;
    case tls_engine::read_outcome::failed:
      ec = asio::error::connection_aborted;
      return true;
  }
  return true;
}

outbound_layer::error_code outbound_layer::fetch_ciphertext() {
  const std::span<char> space = shard_.scratch();
  for (;;) {
    const ssize_t count = ::recv(socket_.native_handle(), space.data(), space.size(), 0);
    if (count > 0) {
      received_bytes_ += static_cast<std::size_t>(count);
      tls_->feed(space.first(static_cast<std::size_t>(count)));
      return {};
    }
    if (count == 0) return asio::error::eof;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {};
    return {errno, boost::system::system_category()};
  }
}

}  // namespace parley
