// A plain HTTP/1.1 client on one loopback connection, for tests: says what it is told, byte by byte if need
// be.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace parley {

class http_client {
 public:
  using response = boost::beast::http::response<boost::beast::http::string_body>;

  /// `receive_buffer` 0 = the system's choice.
  explicit http_client(std::uint16_t port, int receive_buffer = 0) : socket_(context_) {
    socket_.open(boost::asio::ip::tcp::v4());
    if (receive_buffer > 0) socket_.set_option(boost::asio::socket_base::receive_buffer_size(receive_buffer));
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }

  void write(const std::string& text) { boost::asio::write(socket_, boost::asio::buffer(text)); }
  /// Tells the server that nothing more comes.
  void end() { socket_.shutdown(boost::asio::socket_base::shutdown_send); }

  /// The next response; nothing when the connection ended before one.
  std::optional<response> read(bool to_head = false) {
    boost::beast::http::response_parser<boost::beast::http::string_body> parser;
    parser.skip(to_head);
    boost::system::error_code ec;
    boost::beast::http::read(socket_, buffer_, parser, ec);
    if (ec) return std::nullopt;
    return parser.release();
  }
  /// False when the connection has ended.
  bool try_write(const std::string& text) {
    boost::system::error_code ec;
    boost::asio::write(socket_, boost::asio::buffer(text), ec);
    return !ec;
  }
  /// Bytes until the server closes, read a little at a time.
  std::size_t read_slowly(std::chrono::milliseconds pause) {
    std::size_t all = 0;
    std::string part(64 * 1024, '\0');
    boost::system::error_code ec;
    for (;;) {
      all += boost::asio::read(socket_, boost::asio::buffer(part), ec);
      if (ec) return all;
      std::this_thread::sleep_for(pause);
    }
  }
  /// True when the server closed, after whatever it still sent.
  bool is_over() {
    char byte;
    boost::system::error_code ec;
    while (socket_.read_some(boost::asio::buffer(&byte, 1), ec) > 0) {
    }
    return ec == boost::asio::error::eof || ec == boost::asio::error::connection_reset;
  }

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace parley
