// One HTTP request on a socket of its own, and the lines of Prometheus' text format.
#include "scrape.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace parley::bench {
namespace {

std::string get_metrics(const support::target& server) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  ::inet_pton(AF_INET, server.host.c_str(), &address.sin_addr);
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: " + server.host + "\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    std::array<char, 16 * 1024> buffer;
    for (ssize_t got = 0; (got = ::recv(descriptor, buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  ::close(descriptor);
  return answer;
}

}  // namespace

std::map<std::string, double> scrape(const support::target& server) {
  std::map<std::string, double> samples;
  std::istringstream lines(get_metrics(server));
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    if (line.empty() || line.front() == '#' || space == std::string::npos || line.find('{') != std::string::npos) {
      continue;
    }
    samples[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
  }
  if (!samples.contains("parley_commits_total")) throw std::runtime_error("no metrics from the server");
  return samples;
}

}  // namespace parley::bench
