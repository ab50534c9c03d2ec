// Starting, waiting for and measuring a server.
#include "support/server_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "support/free_port.hpp"
#include "support/process_times.hpp"
#include "support/temporary_folder.hpp"

namespace parley::support {
namespace {

bool accepts(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool connected = ::connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return connected;
}

}  // namespace

server_process server_process::parleyd(const std::string& program, const std::vector<std::string>& settings) {
  const auto port = free_port();
  const auto folder = new_temporary_folder("bench");
  std::vector<std::string> command{program, "--dev"};
  const auto set = [&](const std::string& setting) {
    command.emplace_back("--set");
    command.push_back(setting);
  };
  set("net.listen=127.0.0.1:" + std::to_string(port));
  set("store.url=sqlite:" + folder + "/parley.db");
  set("log.level=warn");
  set("limits.send_rate_per_second=0");
  set("limits.frames_per_second=0");
  set("limits.overload_ms=0");
  for (const auto& setting : settings) set(setting);
  return {std::move(command), port, folder};
}

server_process server_process::node(const std::string& program, const std::vector<std::string>& settings,
                                    const std::string& log) {
  const auto port = free_port();
  std::vector<std::string> command{program, "--set", "net.listen=127.0.0.1:" + std::to_string(port)};
  for (const auto& setting : settings) command.insert(command.end(), {"--set", setting});
  return {std::move(command), port, {}, log};
}

server_process server_process::naive(const std::string& program) {
  const auto port = free_port();
  return {{program, std::to_string(port)}, port, {}};
}

server_process server_process::other(std::vector<std::string> command, std::uint16_t port, const std::string& log) {
  return {std::move(command), port, {}, log};
}

server_process::server_process(std::vector<std::string> command, std::uint16_t port, std::string folder,
                               std::string log)
    : command_(std::move(command)), address_{"127.0.0.1", port}, folder_(std::move(folder)), log_(std::move(log)) {
  restart();
}

void server_process::restart() {
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) std::_Exit(1);
    if (!log_.empty()) {
      const int file = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
      ::dup2(file, STDOUT_FILENO);
      ::dup2(file, STDERR_FILENO);
    }
    std::vector<char*> arguments;
    for (auto& word : command_) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    std::_Exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!accepts(address_.port)) {
    if (std::chrono::steady_clock::now() > deadline || ::waitpid(pid_, nullptr, WNOHANG) == pid_)
      throw std::runtime_error(command_[0] + " did not start");
    ::poll(nullptr, 0, 5);
  }
}

void server_process::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void server_process::pause() const {
  ::kill(pid_, SIGSTOP);
  ::waitpid(pid_, nullptr, WUNTRACED);  // until its last thread stands still
}
void server_process::resume() const { ::kill(pid_, SIGCONT); }

int server_process::terminate() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

server_process::server_process(server_process&& other) noexcept
    : command_(std::move(other.command_)),
      pid_(std::exchange(other.pid_, -1)),
      address_(std::move(other.address_)),
      folder_(std::exchange(other.folder_, {})),
      log_(std::move(other.log_)) {}

server_process::~server_process() {
  if (pid_ > 0) kill();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

double server_process::cpu_seconds() const { return cpu_seconds_of(pid_); }
double server_process::cpu_seconds_with_children() const { return support::cpu_seconds_with_children(pid_); }

std::uint64_t server_process::resident_bytes() const {
  std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace parley::support
