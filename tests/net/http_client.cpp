#include "net/http_client.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <thread>

namespace parley {

http_client::http_client(std::uint16_t port, int receive_buffer) : socket_(context_) {
  socket_.open(boost::asio::ip::tcp::v4());
  if (receive_buffer > 0) socket_.set_option(boost::asio::socket_base::receive_buffer_size(receive_buffer));
  socket_.connect({boost::asio::ip::address_v4::loopback(), port});
}

void http_client::write(const std::string& text) { boost::asio::write(socket_, boost::asio::buffer(text)); }

void http_client::end() { socket_.shutdown(boost::asio::socket_base::shutdown_send); }

std::optional<http_client::response> http_client::read(bool to_head) {
  boost::beast::http::response_parser<boost::beast::http::string_body> parser;
  parser.skip(to_head);
  boost::system::error_code ec;
  boost::beast::http::read(socket_, buffer_, parser, ec);
  if (ec) return std::nullopt;
  return parser.release();
}

bool http_client::try_write(const std::string& text) {
  boost::system::error_code ec;
  boost::asio::write(socket_, boost::asio::buffer(text), ec);
  return !ec;
}

std::size_t http_client::read_slowly(std::chrono::milliseconds pause) {
  std::size_t all = 0;
  std::string part(64 * 1024, '\0');
  boost::system::error_code ec;
  for (;;) {
    all += boost::asio::read(socket_, boost::asio::buffer(part), ec);
    if (ec) return all;
    std::this_thread::sleep_for(pause);
  }
}

bool http_client::is_over() {
  char byte;
  boost::system::error_code ec;
  while (socket_.read_some(boost::asio::buffer(&byte, 1), ec) > 0) {
  }
  return ec == boost::asio::error::eof || ec == boost::asio::error::connection_reset;
}

}  // namespace parley
