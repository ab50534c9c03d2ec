// The floor: what the kernel asks for bringing bytes to many sockets, and nothing else.
//
// One thread, epoll, and one `send` for each member of a room with all messages that one read brought, the sender among
// them; or the same sends through a ring. It speaks just enough of Parley's protocol for `parley-bench peers`: GET
// /ws/{room}/{user}, `send_message` in, `new_message` of the same size as Parley's out. It trusts its client.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "new_message.hpp"
#include "peers/floor/ring.hpp"

namespace {

using parley::bench::ring;

struct connection {
  explicit connection(int socket) : descriptor(socket) {}

  int descriptor;
  bool is_open = false;  ///< Upgraded.
  std::vector<connection*>* room = nullptr;
  std::string incoming;
  std::string waiting;  ///< What the socket did not take.
};

std::string accept_key(std::string_view head) {
  constexpr std::string_view field = "Sec-WebSocket-Key: ";
  const auto at = head.find(field) + field.size();
  const auto key = std::string(head.substr(at, 24)) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  EVP_Digest(key.data(), key.size(), hash.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 64> text{};
  const int length = EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(size));
  return {text.begin(), text.begin() + length};
}

std::string framed(const std::string& payload) {
  std::string frame = "\x81\x7E";
  frame += static_cast<char>(payload.size() >> 8 & 0xFF);
  frame += static_cast<char>(payload.size() & 0xFF);
  return frame + payload;
}

class floor_server {
 public:
  /// Plain calls without a ring.
  floor_server(std::uint16_t port, std::optional<parley::bench::ring_kind> kind)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (kind) ring_.emplace(*kind);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_listening_ =
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(listener_, 4096) == 0;
    watch(EPOLL_CTL_ADD, listener_, nullptr, EPOLLIN);
  }

  [[nodiscard]] bool is_listening() const { return is_listening_; }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < ready; ++i) {
        auto& event = events[static_cast<std::size_t>(i)];
        auto* one = static_cast<connection*>(event.data.ptr);
        if (one == nullptr)
          accept_all();
        else if ((event.events & EPOLLOUT) != 0)
          write_waiting(*one);
        else
          read(*one);
      }
    }
  }

 private:
  void watch(int operation, int descriptor, connection* one, std::uint32_t what) const {
    epoll_event event{};
    event.events = what;
    event.data.ptr = one;
    ::epoll_ctl(epoll_, operation, descriptor, &event);
  }

  void accept_all() {
    for (int descriptor = 0;
         (descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto& one = *all_.emplace(descriptor, std::make_unique<connection>(descriptor)).first->second;
      watch(EPOLL_CTL_ADD, descriptor, &one, EPOLLIN);
      if (ring_) ring_->know(descriptor);
    }
  }

  void read(connection& one) {
    const auto got = ::recv(one.descriptor, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      close(one);
      return;
    }
    one.incoming.append(buffer_.data(), static_cast<std::size_t>(got));
    if (!one.is_open && !upgrade(one)) return;
    std::string out;
    for (std::string content; take_message(one.incoming, content);)
      out += framed(parley::bench::new_message_of_the_same_size(content));
    if (out.empty()) return;
    if (ring_)
      write_all(*one.room, out);
    else
      for (auto* member : *one.room) write(*member, out);
  }

  void write_all(const std::vector<connection*>& room, const std::string& bytes) {
    for (auto next = room.begin(); next != room.end();) {
      batch_.clear();
      sockets_.clear();
      for (; next != room.end() && batch_.size() < ring::most; ++next) {
        if (!(*next)->waiting.empty()) {
          (*next)->waiting += bytes;
          continue;
        }
        batch_.push_back(*next);
        sockets_.push_back((*next)->descriptor);
      }
      ring_->send(sockets_, bytes, sent_);
      for (std::size_t i = 0; i < batch_.size(); ++i) keep_rest(*batch_[i], bytes, sent_[i]);
    }
  }

  bool upgrade(connection& one) {
    const auto end = one.incoming.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto path = one.incoming.substr(4, one.incoming.find(' ', 4) - 4);
    one.room = &rooms_[path.substr(0, path.rfind('/'))];
    one.room->push_back(&one);
    write(one,
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
              accept_key(one.incoming) + "\r\n\r\n");
    one.incoming.erase(0, end + 4);
    one.is_open = true;
    return true;
  }

  /// The content of the next frame; false when none has come as a whole.
  static bool take_message(std::string& incoming, std::string& content) {
    if (incoming.size() < 6) return false;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(incoming[i]); };
    std::size_t length = byte(1) & 0x7F;
    const std::size_t header = length == 126 ? 8 : 6;
    if (incoming.size() < header) return false;
    if (length == 126) length = static_cast<std::size_t>(byte(2) << 8 | byte(3));
    if (incoming.size() < header + length) return false;
    std::string payload = incoming.substr(header, length);
    for (std::size_t i = 0; i < length; ++i) payload[i] = static_cast<char>(payload[i] ^ incoming[header - 4 + i % 4]);
    incoming.erase(0, header + length);
    constexpr std::string_view field = "\"content\":\"";
    const auto at = payload.find(field) + field.size();
    content = payload.substr(at, payload.find('"', at) - at);
    return true;
  }

  void write(connection& one, std::string_view bytes) {
    if (one.waiting.empty())
      keep_rest(one, bytes, ::send(one.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    else
      one.waiting += bytes;
  }

  void keep_rest(connection& one, std::string_view bytes, ssize_t sent) const {
    if (sent == static_cast<ssize_t>(bytes.size())) return;
    one.waiting = bytes.substr(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    watch(EPOLL_CTL_MOD, one.descriptor, &one, EPOLLIN | EPOLLOUT);
  }

  void write_waiting(connection& one) {
    const auto sent = ::send(one.descriptor, one.waiting.data(), one.waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) one.waiting.clear();  // its end is read next
    if (sent > 0) one.waiting.erase(0, static_cast<std::size_t>(sent));
    if (one.waiting.empty()) watch(EPOLL_CTL_MOD, one.descriptor, &one, EPOLLIN);
  }

  void close(connection& one) {
    if (one.room != nullptr) one.room->erase(std::remove(one.room->begin(), one.room->end(), &one), one.room->end());
    if (ring_) ring_->forget(one.descriptor);
    ::close(one.descriptor);
    all_.erase(one.descriptor);
  }

  int epoll_;
  int listener_;
  bool is_listening_ = false;
  std::unordered_map<int, std::unique_ptr<connection>> all_;
  std::unordered_map<std::string, std::vector<connection*>> rooms_;
  std::array<char, 64 * 1024> buffer_{};
  std::optional<ring> ring_;
  std::vector<connection*> batch_;
  std::vector<int> sockets_, sent_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto kind = argc == 3 ? parley::bench::ring_kind_of(argv[2]) : std::nullopt;
  if (argc < 2 || (argc > 2 && !kind)) {
    std::cerr << "usage: floor-server PORT [uring | uring-defer | uring-files | uring-sqpoll]\n";
    return EXIT_FAILURE;
  }
  floor_server server(static_cast<std::uint16_t>(std::atoi(argv[1])), kind);
  if (!server.is_listening()) {
    std::cerr << "floor-server: cannot listen on port " << argv[1] << '\n';
    return EXIT_FAILURE;
  }
  server.run();
}
