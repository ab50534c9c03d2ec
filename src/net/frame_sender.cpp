// The sender of plain system calls.
#include "net/frame_sender.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace parley {

namespace {

class plain_sender final : public frame_sender {
 public:
  void send(std::span<send_job> jobs) override {
    for (send_job& job : jobs) {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(job.parts);  // NOLINT(*-const-cast): sendmsg only reads it
      message.msg_iovlen = job.part_count;
      do {
        job.sent = ::sendmsg(job.socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
      } while (job.sent < 0 && errno == EINTR);
      if (job.sent < 0) job.sent = errno == EWOULDBLOCK ? -EAGAIN : -errno;
    }
  }
};

}  // namespace

std::unique_ptr<frame_sender> create_plain_sender() { return std::make_unique<plain_sender>(); }

}  // namespace parley
