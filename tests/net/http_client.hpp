// A plain HTTP/1.1 client on one loopback connection, for tests: says what it is told, byte by byte if need be.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <optional>
#include <string>

namespace parley {

class http_client {
 public:
  using response = boost::beast::http::response<boost::beast::http::string_body>;

  /// `receive_buffer` 0 = the system's choice.
  explicit http_client(std::uint16_t port, int receive_buffer = 0);

  void write(const std::string& text);
  /// Tells the server that nothing more comes.
  void end();

  /// The next response; nothing when the connection ended before one.
  std::optional<response> read(bool to_head = false);
  /// False when the connection has ended.
  bool try_write(const std::string& text);
  /// Bytes until the server closes, read a little at a time.
  std::size_t read_slowly(std::chrono::milliseconds pause);
  /// True when the server closed, after whatever it still sent.
  bool is_over();

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace parley
