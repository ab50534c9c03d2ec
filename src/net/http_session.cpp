// One HTTP connection: reads requests one after another, has each answered, until it ends or becomes a
// WebSocket.
#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "net/api_call.hpp"
#include "net/api_dispatch.hpp"
#include "net/connection_context.hpp"
#include "net/delivery_shard.hpp"
#include "net/http_response.hpp"
#include "net/origin_policy.hpp"
#include "net/request_rules.hpp"
#include "net/websocket_upgrade.hpp"
#include "parley/clock.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

/// As much as 500 user_ids in a query need, and then some.
constexpr std::uint32_t header_bytes = 24 * 1024;
constexpr std::size_t buffer_bytes = 64 * 1024;
/// Between two requests. Longer than the 60 s for which reverse proxies keep a connection to us by default, so that it
/// is the proxy that ends an idle one: a request that we get while we close would be lost.
constexpr std::chrono::seconds idle_deadline{75};
constexpr std::uint64_t upload_overhead = 16 * 1024;
constexpr std::size_t piece_bytes = 64 * 1024;

/// Lives by its pending operation, or by the api_call that owes it an answer.
class http_session : public std::enable_shared_from_this<http_session> {
 public:
  http_session(transport_stream stream, delivery_shard& shard, net_services& services, peer_kind peer)
      : stream_(std::move(stream)),
        shard_(shard),
        services_(services),
        peer_(peer),
        deadline_(stream_->get_executor()),
        buffer_(buffer_bytes) {}

  void start() { read_header(); }

 private:
  struct give_back {
    void operator()(gauge* taken) const { taken->add(-1); }
  };

  // --- Reading ---

  /// Waits for the first byte of the next request with the longer deadline.
  void await_request() {
    if (buffer_.size() > 0) return read_header();
    buffer_.shrink_to_fit();
    set_deadline(idle_deadline);
    stream_->async_read_some(buffer_.prepare(1'024), [self = shared_from_this()](error_code ec, std::size_t bytes) {
      if (ec) return self->end();
      self->buffer_.commit(bytes);
      self->read_header();
    });
  }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(header_bytes);
    parser_->body_limit(boost::none);  // known when the path is
    set_deadline(std::chrono::milliseconds(services_.settings.net.request_deadline_ms));
    http::async_read_header(*stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code ec, std::size_t) { self->on_header(ec); });
  }

  void on_header(error_code ec) {
    if (ec) return on_read_failed(ec);
    const auto& fields = parser_->get();
    if (auto fault = header_fault(fields)) return refuse(std::move(*fault));
    owes_continue_ = waits_for_continue(fields) && !parser_->is_done() && buffer_.size() == 0;
    if (!parser_->is_done() && is_upload(fields)) {
      return on_request(std::make_shared<uploaded_body>(shared_from_this()));
    }
    const auto limit = services_.settings.limits.body_bytes;
    if (parser_->content_length().value_or(0) > limit) return refuse(body_too_large(limit));
    parser_->body_limit(limit);
    if (owes_continue_) return send_continue([self = shared_from_this()] { self->read_body(); });
    read_body();
  }

  /// The client waits with its body until it hears that it is wanted.
  template <class Then>
  void send_continue(Then then) {
    owes_continue_ = false;
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::asio::async_write(
        *stream_, boost::asio::buffer(go_on),
        [self = shared_from_this(), then = std::move(then)](error_code failed, std::size_t) mutable {
          if (!failed) return then();
          self->set_owing(false);
          self->end();
        });
  }

  void read_body() {
    if (parser_->is_done()) return on_request(nullptr);
    http::async_read(*stream_, buffer_, *parser_, [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec) return self->on_read_failed(ec);
      self->on_request(nullptr);
    });
  }

  // --- Bodies that their handler reads ---

  class uploaded_body final : public body_stream {
   public:
    explicit uploaded_body(std::shared_ptr<http_session> of) : session_(std::move(of)) {}
    void read(on_piece then) override { session_->read_piece(std::move(then)); }
    [[nodiscard]] std::optional<std::uint64_t> announced_bytes() const override {
      const auto length = session_->upload_->content_length();
      return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
    }

   private:
    std::shared_ptr<http_session> session_;
  };

  /// The header, as a request whose body is still to come.
  http_request release_header() {
    upload_is_over_ = false;
    upload_.emplace(std::move(*parser_));
    // A form has some bytes more than its file; the file's own are counted by whoever reads it.
    upload_->body_limit(services_.settings.limits.file_bytes + upload_overhead);
    http_request request;
    static_cast<http::fields&>(request) = upload_->get().base();
    request.method(upload_->get().method());
    request.target(upload_->get().target());
    request.version(upload_->get().version());
    return request;
  }

  void read_piece(body_stream::on_piece then) {
    if (owes_continue_) {
      return send_continue(
          [self = shared_from_this(), then = std::move(then)]() mutable { self->read_piece(std::move(then)); });
    }
    if (upload_is_over_) return;
    is_reading_piece_ = true;
    piece_.resize(piece_bytes);
    auto& body = upload_->get().body();
    body.data = piece_.data();
    body.size = piece_.size();
    body.more = true;
    set_deadline(std::chrono::milliseconds(services_.settings.net.request_deadline_ms));
    // Some at a time, so that the deadline is for whoever sends nothing, not for whoever sends slowly.
    http::async_read_some(
        *stream_, buffer_, *upload_,
        [self = shared_from_this(), then = std::move(then)](error_code ec, std::size_t) { self->on_piece(ec, then); });
  }

  void on_piece(error_code ec, const body_stream::on_piece& then) {
    is_reading_piece_ = false;
    if (upload_is_over_) return upload_.reset();  // answered meanwhile: what comes now is nobody's
    clear_deadline();
    if (!ec || ec == http::error::need_buffer) {
      const auto bytes = std::string_view(piece_).substr(0, piece_.size() - upload_->get().body().size);
      return then(bytes, upload_->is_done());
    }
    if (ec == http::error::body_limit) {
      return then(
          parley::make_error(parley::error_code::too_large,
                             "file: at most " + std::to_string(services_.settings.limits.file_bytes) + " bytes"),
          true);
    }
    static const auto& http_category = make_error_code(http::error::end_of_stream).category();
    if (ec.category() == http_category && ec != http::error::partial_message && ec != http::error::end_of_stream) {
      return then(bad_request("request: is not valid HTTP/1.1"), true);
    }
    set_owing(false);  // there is nobody to answer
    end();
  }

  void on_read_failed(error_code ec) {
    if (auto fault = read_fault(ec, header_bytes, services_.settings.limits.body_bytes)) {
      return refuse(std::move(*fault));
    }
    end();
  }

  // --- Handling ---

  /// Answers what could not be read to its end; what follows on the connection means nothing any more.
  void refuse(http_reply reply) {
    facts_ = request_facts::of(parser_->get());
    facts_.keep_alive = false;
    if (facts_.version != 10) facts_.version = 11;
    answer(std::move(reply));
  }

  /// `body`: null when it stands in the request.
  void on_request(std::shared_ptr<body_stream> body) {
    services_.counts.http_requests_total.add();
    clear_deadline();
    set_owing(true);
    auto request = body ? release_header() : parser_->release();
    facts_ = request_facts::of(request);
    if (auto fault = host_fault(request, facts_.host, services_.settings)) return answer(std::move(*fault));
    if (request.target() == "*" && request.method() == http::verb::options) {
      return answer(options_reply(request, "GET, HEAD, OPTIONS, PATCH, POST, PUT, DELETE", services_.settings));
    }
    const std::string raw_target(request.target().data(), request.target().size());
    auto target = parse_target(raw_target);
    if (!target) return answer(problem(target.error()));
    auto client = services_.proxies.client_address(stream_->remote_address(), request);
    auto call = std::make_shared<api_call>(api_call{std::move(request),
                                                    *std::move(target),
                                                    {},
                                                    {},
                                                    false,
                                                    std::move(client),
                                                    services_,
                                                    stream_->get_executor(),
                                                    {},
                                                    {},
                                                    std::move(body)});
    call->respond = [self = shared_from_this()](http_reply reply) { self->answer(std::move(reply)); };
    try {
      if (!is_websocket_path(call->target)) return dispatch(call, peer_, [this] { return take_place(); });
      call->route = "/ws";
      check_upgrade(call, [self = shared_from_this(), call](upgrade_grant granted) {
        self->upgrade(std::move(call->request), std::move(granted));
      });
    } catch (const std::exception& e) {
      log::error("http", "handler_threw", "{}", e.what());
      call->respond(problem(parley::make_error(parley::error_code::internal, "The server failed at this request.")));
    }
  }

  /// One of net.max_rest_in_flight, until the answer has left.
  bool take_place() {
    auto& in_flight = services_.counts.rest_in_flight;
    in_flight.add(1);
    if (in_flight.value() > static_cast<std::int64_t>(services_.settings.net.max_rest_in_flight)) {
      in_flight.add(-1);
      return false;
    }
    place_.reset(&in_flight);
    return true;
  }

  void upgrade(http_request request, upgrade_grant granted) {
    if (services_.draining) return answer(problem(busy("node: it is about to stop", 1'000)));
    set_owing(false);
    const auto rest = buffer_.data();
    stream_->unread({static_cast<const char*>(rest.data()), rest.size()});
    start_websocket_session({std::move(*stream_), std::move(request), std::move(granted.who), granted.replay,
                             granted.only_room, std::move(granted.subprotocol), std::move(granted.extensions), shard_,
                             services_});
    stream_.reset();
  }

  // --- Answering ---

  /// Told to the shard, whose draining waits for the answer.
  void set_owing(bool owing) {
    if (owing_ == owing) return;
    owing_ = owing;
    if (owing) {
      shard_.note_request();
    } else {
      shard_.note_answer();
    }
  }

  void answer(http_reply reply) {
    set_owing(false);
    // What is left of a body would be taken for the next request.
    if (services_.draining || (upload_ && !upload_->is_done())) facts_.keep_alive = false;
    upload_is_over_ = upload_.has_value();
    if (!is_reading_piece_) upload_.reset();  // else the read still writes into it
    if (facts_.method != http::verb::head && reply.status != 304) source_ = reply.source;
    response_.emplace(make_response(std::move(reply), facts_, services_.settings, system_clock().now()));
    set_answer_deadline();
    if (source_) return send_from_source();
    http::async_write(*stream_, *response_,
                      [self = shared_from_this()](error_code ec, std::size_t) { self->on_answered(ec); });
  }

  void send_from_source() {
    to_send_ = source_->size();
    serializer_.emplace(*response_);
    http::async_write_header(*stream_, *serializer_, [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec) return self->on_answered(ec);
      self->send_next();
    });
  }

  void send_next() {
    if (to_send_ == 0) return on_answered({});
    if (source_is_late()) return on_answered(http::error::partial_message);
    source_->next([self = shared_from_this()](result<std::string> bytes) {
      // Less than was announced: the client must not take it for all.
      if (!bytes) return self->on_answered(http::error::partial_message);
      self->to_send_ -= bytes->size();
      self->piece_ = std::move(*bytes);
      self->set_answer_deadline();
      boost::asio::async_write(*self->stream_, boost::asio::buffer(self->piece_), [self](error_code ec, std::size_t) {
        if (ec) return self->on_answered(ec);
        self->send_next();
      });
    });
  }

  void on_answered(error_code ec) {
    const bool goes_on = !ec && response_->keep_alive();
    const bool is_cut = ec && source_;
    serializer_.reset();
    response_.reset();
    source_.reset();
    if (!is_reading_piece_) std::string().swap(piece_);
    if (is_cut) stream_->close();
    place_.reset();
    if (goes_on) return await_request();
    end();
  }

  void end() {
    clear_deadline();
    stream_->close_gracefully();
  }

  // --- Deadlines ---

  void set_deadline(std::chrono::milliseconds after) {
    deadline_.expires_after(after);
    deadline_.async_wait([weak = weak_from_this()](error_code ec) {
      const auto self = weak.lock();
      if (ec || !self || !self->stream_) return;
      // A wait that was over when the deadline moved comes through without an error.
      if (self->deadline_.expiry() > std::chrono::steady_clock::now()) return;
      self->on_deadline();
    });
  }
  /// A large answer takes a slow reader its time; it ends only with one who takes nothing more.
  void set_answer_deadline() {
    sent_at_deadline_ = stream_->layer().sent_bytes();
    std::chrono::milliseconds after(services_.settings.net.request_deadline_ms);
    if (source_) {
      const auto left = source_->ends_at() - std::chrono::steady_clock::now();
      after = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(0), after);
    }
    set_deadline(after);
  }
  void on_deadline() {
    const bool goes_on = response_ && stream_->layer().sent_bytes() != sent_at_deadline_;
    if (goes_on && !source_is_late()) return set_answer_deadline();
    stream_->close();
  }
  [[nodiscard]] bool source_is_late() const {
    return source_ && source_->ends_at() <= std::chrono::steady_clock::now();
  }
  void clear_deadline() { deadline_.expires_at(boost::asio::steady_timer::time_point::max()); }

  std::optional<transport_stream> stream_;  ///< Gone once the connection is a WebSocket.
  delivery_shard& shard_;
  net_services& services_;
  peer_kind peer_;
  boost::asio::steady_timer deadline_;
  boost::beast::flat_buffer buffer_;  ///< Holds what follows the request at hand: pipelined requests wait here.
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::request_parser<http::buffer_body>> upload_;  ///< Of a body that its handler reads.
  bool owes_continue_ = false;
  bool is_reading_piece_ = false;
  bool upload_is_over_ = false;  ///< The request at hand was one, and is answered.
  std::string piece_;            ///< Of a body on its way in or out.
  request_facts facts_;
  std::optional<http_response> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::shared_ptr<byte_source> source_;  ///< Where the response's body comes from, unless it stands in it.
  std::uint64_t to_send_ = 0;            ///< Of the source.
  std::uint64_t sent_at_deadline_ = 0;
  std::unique_ptr<gauge, give_back> place_;
  bool owing_ = false;  ///< A request waits for its answer.
};

}  // namespace

void start_http_session(transport_stream stream, delivery_shard& shard, net_services& services, peer_kind peer) {
  std::make_shared<http_session>(std::move(stream), shard, services, peer)->start();
}

}  // namespace parley
