// Asking, and the answer as far as it has come.
#include "verify/rest_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace parley::bench {
namespace {

constexpr std::size_t status_begins = 9;  ///< Behind "HTTP/1.1 ".
constexpr std::size_t status_ends = 12;
constexpr int least_status = 100;

/// 0 where the head has none. A proxy may have written its name in other letters.
std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "\r\ncontent-length: ";
  const auto found = std::search(head.begin(), head.end(), name.begin(), name.end(), [](char has, char wanted) {
    return std::tolower(static_cast<unsigned char>(has)) == wanted;
  });
  if (found == head.end()) return 0;
  const auto number = head.substr(static_cast<std::size_t>(found - head.begin()) + name.size());
  std::size_t length = 0;
  std::from_chars(number.data(), number.data() + number.size(), length);
  return length;
}

}  // namespace

rest_exchange::rest_exchange(const support::target& server, const rest_request& request) : stream_(server) {
  stream_.send(text_of(request, fmt::format("{}:{}", server.host, server.port)));
}

rest_exchange::rest_exchange(const std::string& admin_socket, const rest_request& request) : stream_(admin_socket) {
  stream_.send(text_of(request, "localhost"));
}

bool rest_exchange::advance() {
  return stream_.advance([this](std::string_view bytes) { return take(bytes); });
}

/// As soon as it is whole: the node may be killed before it closes the connection, and it has answered all the same.
bool rest_exchange::take(std::string_view bytes) {
  received_ += bytes;
  const auto head_ends = received_.find("\r\n\r\n");
  if (head_ends == std::string::npos) return true;
  if (head_ends < status_ends) return false;  // no HTTP
  const auto body_begins = head_ends + 4;
  const auto length = content_length(std::string_view(received_).substr(0, head_ends));
  if (received_.size() < body_begins + length) return true;
  rest_answer whole;
  std::from_chars(received_.data() + status_begins, received_.data() + status_ends, whole.status);
  if (whole.status < least_status) return false;  // no HTTP either
  whole.body = received_.substr(body_begins, length);
  answer_ = std::move(whole);
  return false;
}

}  // namespace parley::bench
