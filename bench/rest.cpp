// A request that asks for the connection to be closed, and all that comes until it is.
#include "rest.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cstdlib>
#include <stdexcept>

namespace parley::bench {
namespace {

class descriptor_owner {
 public:
  explicit descriptor_owner(int descriptor) : descriptor_(descriptor) {}
  ~descriptor_owner() { ::close(descriptor_); }
  descriptor_owner(const descriptor_owner&) = delete;
  descriptor_owner& operator=(const descriptor_owner&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

std::string text_of(const rest_request& request, const std::string& host) {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}{}{}Content-Length: {}\r\n\r\n{}", request.method,
      request.path, host, request.token.empty() ? "" : "Authorization: Bearer " + request.token + "\r\n",
      request.idempotency_key.empty() ? "" : "Idempotency-Key: " + request.idempotency_key + "\r\n",
      request.body.empty() ? "" : "Content-Type: application/json\r\n", request.body.size(), request.body);
}

rest_answer call(const support::target& server, const rest_request& request) {
  const descriptor_owner socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{request.timeout_ms / 1000, request.timeout_ms % 1000 * 1000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  ::inet_pton(AF_INET, server.host.c_str(), &address.sin_addr);
  const auto text = text_of(request, fmt::format("{}:{}", server.host, server.port));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error(fmt::format("{}:{} cannot be reached", server.host, server.port));
  std::string answer;
  std::array<char, 64 * 1024> buffer;
  ssize_t got = 0;
  while ((got = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0)
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  const auto head_end = answer.find("\r\n\r\n");
  if (got < 0 || head_end == std::string::npos || answer.size() < 12)
    throw std::runtime_error(fmt::format("{} {}: no answer", request.method, request.path));
  return {std::atoi(answer.c_str() + 9), answer.substr(head_end + 4)};
}

boost::json::object call_json(const support::target& server, const rest_request& request) {
  const auto answer = call(server, request);
  if (answer.status < 200 || answer.status > 299)
    throw std::runtime_error(fmt::format("{} {}: {} {}", request.method, request.path, answer.status, answer.body));
  return answer.body.empty() ? boost::json::object() : boost::json::parse(answer.body).as_object();
}

}  // namespace parley::bench
