// One poll loop over all links; it reads just enough of PostgreSQL's protocol to know a COMMIT when it passes.
#include "support/fault_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <stdexcept>
#include <utility>

namespace parley::support {
namespace {

constexpr int poll_ms = 5;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// What passes through is to come as soon as without the proxy.
void do_not_gather(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool send_all(int to, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto sent = ::send(to, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

/// Follows what a client says (the protocol's "Message Formats") and tells when it asks for a COMMIT: by Bind of a
/// statement that was prepared as one, or that stores new messages in a transaction of its own.
class commit_watcher {
 public:
  /// Takes more bytes; true when a COMMIT is among them.
  bool feed(const char* bytes, std::size_t size) {
    pending_.append(bytes, size);
    bool found = false;
    std::size_t at = 0;
    for (;;) {
      const std::size_t header = started_ ? 5 : 4;
      if (pending_.size() - at < header) break;
      std::uint32_t length = 0;
      std::memcpy(&length, pending_.data() + at + header - 4, 4);
      const std::size_t whole = ntohl(length) + (header - 4);
      if (pending_.size() - at < whole) break;
      if (started_) found = examine(pending_[at], std::string(pending_, at + 5, whole - 5)) || found;
      // The first messages have no type: a request for encryption is eight bytes, what begins the session is more.
      started_ = started_ || whole > 8;
      at += whole;
    }
    pending_.erase(0, at);
    return found;
  }

 private:
  bool examine(char type, const std::string& body) {
    const std::string first = body.c_str();
    const std::string second = first.size() < body.size() ? body.c_str() + first.size() + 1 : "";
    const bool commits = second == "COMMIT" || second.find(" store_sends(") != std::string::npos;
    if (type == 'P' && commits) commits_.insert(first);  // Parse: name, query
    return type == 'B' && commits_.count(second) > 0;    // Bind: portal, name
  }

  std::string pending_;
  std::set<std::string> commits_;
  bool started_ = false;
};

}  // namespace

class fault_proxy::link {
 public:
  link(fault_proxy& proxy, int client, int server, std::size_t cut_after)
      : proxy_(proxy), client_(client), server_(server) {
    if (cut_after > 0) end_after(cut_after);
  }
  ~link() {
    ::close(client_);
    ::close(server_);
  }
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  /// What to wait for; nothing any more when it has gone silent.
  [[nodiscard]] int client() const { return is_silent_ ? -1 : client_; }
  [[nodiscard]] int server() const { return is_silent_ ? -1 : server_; }

  /// Cut when so many bytes have passed, in the middle of a word or not, unless the proxy is healed before.
  void end_after(std::size_t bytes) {
    bytes_left_ = bytes;
    heals_before_ = proxy_.healed_;
  }
  /// False when the link is over.
  bool pass(bool from_client) {
    std::array<char, 16 * 1024> bytes{};
    const bool trickles = !from_client && proxy_.trickling_;
    if (trickles) ::poll(nullptr, 0, poll_ms);
    const auto count = ::recv(from_client ? client_ : server_, bytes.data(), trickles ? 1 : bytes.size(), 0);
    if (count <= 0) return false;
    const auto size = static_cast<std::size_t>(count);
    if (from_client && !std::exchange(client_speaks_, true)) ++proxy_.turns_;
    if (!from_client) client_speaks_ = false;
    if (from_client && watcher_.feed(bytes.data(), size)) {
      if (take(proxy_.lost_commits_)) return cut();
      if (take(proxy_.interrupted_commits_)) {
        is_silent_ = true;
        return send_all(server_, bytes.data(), size / 2);
      }
      loses_answer_ = take(proxy_.lost_answers_);
    }
    // The answer to a commit is the first that the server says behind it; what it says before has been passed on.
    if (!from_client && loses_answer_) return cut();
    const int to = from_client ? server_ : client_;
    if (bytes_left_ == 0 || heals_before_ != proxy_.healed_) return send_all(to, bytes.data(), size);
    const auto passing = std::min(size, bytes_left_);
    bytes_left_ -= passing;
    return send_all(to, bytes.data(), passing) && (bytes_left_ > 0 || cut());
  }

 private:
  bool cut() {
    ++proxy_.cuts_;
    return false;
  }

  fault_proxy& proxy_;
  int client_;
  int server_;
  std::size_t bytes_left_ = 0;  ///< Until the cut; none: there is to be none.
  int heals_before_ = 0;
  commit_watcher watcher_;
  bool client_speaks_ = false;
  bool loses_answer_ = false;
  bool is_silent_ = false;
};

fault_proxy::fault_proxy(std::uint16_t server_port, std::uint64_t seed)
    : server_port_(server_port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), random_(seed) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0)
    throw std::runtime_error("the proxy cannot listen");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

fault_proxy::~fault_proxy() {
  ended_ = true;
  thread_.join();
  ::close(listener_);
}

std::string fault_proxy::url_through(const std::string& url, std::uint16_t server_port) const {
  const auto old = ":" + std::to_string(server_port) + "/";
  auto changed = url;
  const auto at = changed.find(old);
  if (at == std::string::npos) throw std::runtime_error("the URL does not name that port");
  return changed.replace(at, old.size(), ":" + std::to_string(port_) + "/");
}

void fault_proxy::drop() {
  dropping_ = true;
  while (dropping_) ::poll(nullptr, 0, 1);
}

void fault_proxy::heal() {
  lost_answers_ = 0;
  lost_commits_ = 0;
  interrupted_commits_ = 0;
  refusing_ = false;
  cut_after_ = 0;
  cut_open_ = 0;
  ++healed_;
  trickling_ = false;
  stalled_ = false;
}

bool fault_proxy::take(std::atomic<int>& left) {
  for (int now = left; now > 0;) {
    if (left.compare_exchange_weak(now, now - 1)) return true;
  }
  return false;
}

void fault_proxy::accept_into(std::vector<std::unique_ptr<link>>& links) {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  ++connections_;
  if (refusing_) {
    ::close(client);
    return;
  }
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(server_port_);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(client);
    ::close(server);
    return;
  }
  do_not_gather(client);
  do_not_gather(server);
  const int mean = cut_after_;
  links.push_back(std::make_unique<link>(*this, client, server, mean > 0 ? about(mean) : std::size_t{0}));
}

std::size_t fault_proxy::about(int bytes) {
  return std::uniform_int_distribution<std::size_t>(1, 2 * static_cast<std::size_t>(bytes))(random_);
}

void fault_proxy::run() {
  std::vector<std::unique_ptr<link>> links;
  while (!ended_) {
    if (dropping_) {
      links.clear();
      dropping_ = false;
    }
    if (stalled_) {
      ::poll(nullptr, 0, poll_ms);
      continue;
    }
    if (const int mean = cut_open_.exchange(0); mean > 0) {
      for (const auto& each : links) each->end_after(about(mean));
    }
    std::vector<pollfd> wanted{{listener_, POLLIN, 0}};
    for (const auto& each : links) {
      wanted.push_back({each->client(), POLLIN, 0});
      wanted.push_back({each->server(), POLLIN, 0});
    }
    if (::poll(wanted.data(), wanted.size(), poll_ms) <= 0) continue;
    const std::size_t count = links.size();
    for (std::size_t i = 0; i < count; ++i) {
      // The server first: what it said before a commit must not be taken for its answer.
      const bool goes_on = (wanted[2 * i + 2].revents == 0 || links[i]->pass(false)) &&
                           (wanted[2 * i + 1].revents == 0 || links[i]->pass(true));
      if (!goes_on) links[i].reset();
    }
    std::erase(links, nullptr);
    if (wanted[0].revents != 0) accept_into(links);
  }
}

}  // namespace parley::support
