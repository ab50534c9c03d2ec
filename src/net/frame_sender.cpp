// The sender of plain system calls, and the choice between the two.
#include "net/frame_sender.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "parley/log.hpp"

namespace parley {

namespace {

/// One part is the usual case in a room, and send() costs the kernel less than sendmsg().
ssize_t send_once(const send_job& job) {
  constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  if (job.part_count == 1) return ::send(job.socket, job.parts->iov_base, job.parts->iov_len, flags);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(job.parts);  // NOLINT(*-const-cast): sendmsg only reads it
  message.msg_iovlen = job.part_count;
  return ::sendmsg(job.socket, &message, flags);
}

class plain_sender final : public frame_sender {
 public:
  void send(std::span<send_job> jobs) override {
    for (send_job& job : jobs) {
      do job.sent = send_once(job);
      while (job.sent < 0 && errno == EINTR);
      if (job.sent < 0) job.sent = errno == EWOULDBLOCK ? -EAGAIN : -errno;
    }
  }
};

}  // namespace

std::unique_ptr<frame_sender> create_plain_sender() { return std::make_unique<plain_sender>(); }

std::unique_ptr<frame_sender> create_sender(send_way way) {
  return way == send_way::uring ? create_uring_sender() : create_plain_sender();
}

result<send_way> choose_send_way(const std::string& setting) {
  if (setting == "plain") {
    log::info("net", "send_way", "Frames leave by plain system calls.");
    return send_way::plain;
  }
  const auto tried = try_uring();
  if (!tried.has_error()) {
    log::info("net", "send_way", "Frames leave by io_uring.");
    return send_way::uring;
  }
  if (setting == "uring") return bad_request("net.send: " + tried.error().message);
  log::info("net", "send_way", "Frames leave by plain system calls. {}", tried.error().message);
  return send_way::plain;
}

}  // namespace parley
