// A net_server on a free port of this machine, and clients for it: Beast's own, and one that sends raw bytes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/json_encoder.hpp"
#include "net/loopback/session_broker.hpp"
#include "net/net_server.hpp"

namespace parley::test {

/// Starts in the constructor; throws when it cannot.
class test_node {
 public:
  explicit test_node(config settings = {});
  ~test_node();

  config settings;
  metrics counts;
  session_broker broker;
  delivery_lease lease;
  std::unique_ptr<net_server> server;

  void extend_lease() {
    const auto now = std::chrono::steady_clock::now();
    lease.extend(now + std::chrono::hours(1), now);
  }
  [[nodiscard]] delivery& out() { return server->deliveries(); }
  [[nodiscard]] std::uint16_t port() const { return server->port(); }
};

/// A text frame as the server sends it.
shared_bytes text_frame(std::string_view payload);
outgoing answer_frame(std::string_view payload);
outgoing plain_frame(std::string_view payload);

/// A self-signed certificate and key in files of their own, removed at the end.
class test_certificate {
 public:
  explicit test_certificate(const std::string& common_name);
  ~test_certificate();
  void replace(const std::string& common_name);
  std::string certificate_file, key_file;
};

/// A blocking WebSocket client. A hang is ended by the test's time-out.
class test_client {
 public:
  /// Upgrades at /ws?token=t; with TLS when asked, taking any certificate. `receive_buffer` 0 = the system's choice.
  /// `offers_compression`: both ways.
  explicit test_client(std::uint16_t port, bool tls = false, int receive_buffer = 0, bool offers_compression = false);

  void send(std::string_view text);
  void send_binary(std::string_view bytes);
  /// The next message's text; empty when the connection ended, see close_code().
  std::string receive();
  /// Reads to the end and tells the close code; 0 when it ended without one.
  int read_to_close();
  [[nodiscard]] int code() const { return code_; }
  /// Of the server's certificate.
  std::string peer_common_name();
  [[nodiscard]] std::string header(std::string_view name) const;

 private:
  using tcp_stream = boost::asio::ip::tcp::socket;
  using plain_type = boost::beast::websocket::stream<tcp_stream>;
  using tls_type = boost::beast::websocket::stream<boost::asio::ssl::stream<tcp_stream>>;

  boost::asio::io_context context_;
  boost::asio::ssl::context tls_context_{boost::asio::ssl::context::tls_client};
  std::unique_ptr<plain_type> plain_;
  std::unique_ptr<tls_type> tls_;
  boost::beast::flat_buffer buffer_;
  boost::beast::websocket::response_type response_;
  int code_ = 0;
};

/// Raw bytes after an upgrade.
class raw_client {
 public:
  /// `at_once` goes out together with the request, `headers` (whole lines) stand in it.
  explicit raw_client(std::uint16_t port, std::string_view at_once = {}, std::string_view headers = {});
  void send(std::string_view bytes);
  /// False when the connection has ended. From one other thread than reads.
  bool try_send(std::string_view bytes);
  /// The server's next whole frame, header and all; empty when the connection ended.
  std::string read_frame();
  /// Reads until the server's close frame and returns its code; 0 when the connection ends without one. Never answers.
  int read_close_code();

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_{context_};
  std::string said_;  ///< By the server, not yet given out.
};

/// The whole answer to one request.
std::string http_get(std::uint16_t port, const std::string& target);

/// Looks at the condition until it holds; false after 20 s.
bool eventually(const std::function<bool()>& condition);

}  // namespace parley::test
