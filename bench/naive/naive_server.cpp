// The plain way to fan out, to compare with: Beast, one asynchronous write for each message and recipient, nothing
// stored.
//
// It speaks just enough of the protocol for parley-bench: GET /ws, where the token names the room, `ready` unless the
// room is "-" and only the upgrade is wanted, then `send_message` in, `ack` with the same id to the sender,
// `new_message` of the same size as Parley's to the others. Alone in a room one has an echo. Each connection queues
// strings and writes one at a time. The handshake blocks: only what follows is measured.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "new_message.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;

constexpr std::string_view no_room = "Bearer -";

class connection;
using rooms = std::unordered_map<std::string, std::vector<std::shared_ptr<connection>>>;

class connection : public std::enable_shared_from_this<connection> {
 public:
  connection(tcp::socket socket, rooms& all) : stream_(std::move(socket)), rooms_(all) {}

  void start() {
    beast::error_code failed;
    http::request<http::empty_body> request;
    http::read(stream_.next_layer(), buffer_, request, failed);
    if (!failed) stream_.next_layer().set_option(tcp::no_delay(true), failed);
    if (!failed) stream_.accept(request, failed);
    if (failed) return;
    room_ = std::string(request[http::field::authorization]);
    buffer_.clear();
    stream_.text(true);
    rooms_[room_].push_back(shared_from_this());
    if (room_ != no_room) send(R"({"type":"ready"})");
    read();
  }

 private:
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](auto ec, std::size_t) {
      if (ec) return;
      self->on_message(beast::buffers_to_string(self->buffer_.data()));
      self->buffer_.clear();
      self->read();
    });
  }

  void on_message(const std::string& text) {
    const auto event = parley::bench::new_message_of_the_same_size(text_in(text, "content"));
    for (const auto& other : rooms_[room_])
      if (other.get() != this) other->send(event);
    const auto id = text_in(text, "id");
    const std::string ids(36, '0');
    send(R"({"type":"ack","id":)" + (id.empty() ? "null" : '"' + id + '"') + R"(,"data":{"room_id":")" + ids +
         R"(","message_id":")" + ids + R"("}})");
  }

  /// Of the frame's fields of that name the first; empty when it has none.
  static std::string text_in(const std::string& frame, std::string_view name) {
    const auto field = '"' + std::string(name) + "\":\"";
    const auto at = frame.find(field);
    if (at == std::string::npos) return {};
    const auto begin = at + field.size();
    return frame.substr(begin, frame.find('"', begin) - begin);
  }

  void send(std::string text) {
    queue_.push_back(std::move(text));
    if (queue_.size() == 1) write();
  }

  void write() {
    stream_.async_write(asio::buffer(queue_.front()), [self = shared_from_this()](auto ec, std::size_t) {
      if (ec) return;
      self->queue_.pop_front();
      if (!self->queue_.empty()) self->write();
    });
  }

  websocket::stream<tcp::socket, false> stream_;  // no compression, as Parley
  rooms& rooms_;
  std::string room_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;
};

void accept(tcp::acceptor& acceptor, rooms& all) {
  acceptor.async_accept([&](auto ec, tcp::socket socket) {
    if (!ec) std::make_shared<connection>(std::move(socket), all)->start();
    accept(acceptor, all);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: naive-server PORT\n";
    return EXIT_FAILURE;
  }
  asio::io_context io(1);
  rooms all;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), static_cast<unsigned short>(std::atoi(argv[1]))}, true);
  accept(acceptor, all);
  io.run();
}
