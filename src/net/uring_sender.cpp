// The sender by io_uring: many sends are one system call, for machines where entering the kernel is dear.
#include <fmt/format.h>
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

#include "net/frame_sender.hpp"
#include "parley/log.hpp"

namespace parley {

namespace {

constexpr unsigned jobs_a_call = 256;
/// For so few a system call each is no dearer.
constexpr std::size_t few_jobs = 2;
/// When the kernel has no memory for them.
constexpr int most_tries = 100;
/// Not one of them may wait: what does not fit is told at once, as by plain send().
constexpr int send_flags = MSG_NOSIGNAL | MSG_DONTWAIT;
/// Of the ring itself: newer kernels spare locks for a ring of one thread, and wake nobody for completions.
constexpr std::array<unsigned, 3> ring_flags{
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SINGLE_ISSUER,  // Linux 6.0
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,                               // 5.19
    0};

std::string words_of(int negative_errno) { return std::generic_category().message(-negative_errno); }

/// A ring of the thread that opened it.
class ring {
 public:
  ring() = default;
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring() {
    if (is_open_) io_uring_queue_exit(&ring_);
  }

  /// 0, or a negative errno.
  int open() {
    int outcome = -EINVAL;
    for (const unsigned flags : ring_flags) {
      outcome = io_uring_queue_init(jobs_a_call, &ring_, flags);
      if (outcome != -EINVAL) break;
    }
    is_open_ = outcome == 0;
    // Without it a wait's time takes an entry of the ring. Linux 5.11.
    if (is_open_ && (ring_.features & IORING_FEAT_EXT_ARG) == 0) return -ENOSYS;
    return outcome;
  }

  /// At most jobs_a_call. 0, or a negative errno of the ring, when jobs without an outcome have -EINPROGRESS.
  int send(std::span<send_job> jobs) {
    messages_.resize(jobs.size());
    for (std::size_t i = 0; i < jobs.size(); ++i) prepare(jobs[i], i);
    std::size_t left = jobs.size();
    int tries = most_tries;
    while (left > 0) {
      // None of them waits, so that all are done when this returns; the time is for a kernel that has its own mind.
      io_uring_cqe* first = nullptr;
      __kernel_timespec patience{1, 0};
      const int outcome = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &patience, nullptr);
      // EAGAIN: the kernel had no memory for it just now, and has taken none.
      const bool may_work = outcome == -EINTR || (outcome == -EAGAIN && --tries > 0);
      if (outcome < 0 && !may_work) return outcome;
      left -= take_completions(jobs);
    }
    return 0;
  }

 private:
  void prepare(send_job& job, std::size_t place) {
    job.sent = -EINPROGRESS;
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);  // there are as many as jobs
    if (job.part_count == 1) {
      io_uring_prep_send(entry, job.socket, job.parts->iov_base, job.parts->iov_len, send_flags);
    } else {
      msghdr& message = messages_[place];
      message = {};
      message.msg_iov = const_cast<iovec*>(job.parts);  // NOLINT(*-const-cast): only read
      message.msg_iovlen = job.part_count;
      io_uring_prep_sendmsg(entry, job.socket, &message, send_flags);
    }
    io_uring_sqe_set_data64(entry, place);
  }

  std::size_t take_completions(std::span<send_job> jobs) {
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      jobs[completion->user_data].sent = completion->res == -EWOULDBLOCK ? -EAGAIN : completion->res;
      ++count;
    }
    io_uring_cq_advance(&ring_, count);
    return count;
  }

  io_uring ring_{};
  bool is_open_ = false;
  std::vector<msghdr> messages_;
};

class uring_sender final : public frame_sender {
 public:
  void send(std::span<send_job> jobs) override {
    if (jobs.size() <= few_jobs || !is_ready()) return plain_->send(jobs);
    for (std::size_t done = 0; done < jobs.size(); done += jobs_a_call) {
      send_some(jobs.subspan(done, std::min<std::size_t>(jobs_a_call, jobs.size() - done)));
    }
  }

 private:
  /// Made on the thread that sends, whose alone it is.
  bool is_ready() {
    if (was_tried_) return ring_ != nullptr;
    was_tried_ = true;
    auto made = std::make_unique<ring>();
    if (const int outcome = made->open(); outcome < 0) {
      log::warn("net", "no_uring", "One I/O thread sends by plain system calls: {}", words_of(outcome));
    } else {
      ring_ = std::move(made);
    }
    return ring_ != nullptr;
  }

  void send_some(std::span<send_job> jobs) {
    if (!ring_) return plain_->send(jobs);
    const int outcome = ring_->send(jobs);
    if (outcome < 0) {
      // What it has taken nobody knows: those connections end, since a byte lost or doubled would be worse.
      ring_.reset();
      log::error("net", "uring_failed", "An I/O thread goes on by plain system calls: {}", words_of(outcome));
    }
    for (send_job& job : jobs) {
      if (job.sent == -EINTR) plain_->send({&job, 1});
    }
  }

  std::unique_ptr<frame_sender> plain_ = create_plain_sender();
  std::unique_ptr<ring> ring_;
  bool was_tried_ = false;
};

/// Two sockets that are connected, to try it on.
struct socket_pair {
  socket_pair() { is_made = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0; }
  socket_pair(const socket_pair&) = delete;
  socket_pair& operator=(const socket_pair&) = delete;
  ~socket_pair() {
    if (is_made) {
      ::close(ends[0]);
      ::close(ends[1]);
    }
  }
  std::array<int, 2> ends{-1, -1};
  bool is_made = false;
};

}  // namespace

std::unique_ptr<frame_sender> create_uring_sender() { return std::make_unique<uring_sender>(); }

/// Until nothing more fits, which a send must say in place of waiting.
result<void> try_uring() {
  const auto forbidden = [](std::string_view what, int outcome) {
    return make_error(error_code::unavailable,
                      fmt::format("io_uring does not work here ({}: {}).", what, words_of(outcome)));
  };
  const socket_pair sockets;
  if (!sockets.is_made) return forbidden("a pair of sockets", -errno);
  ring tried;
  if (const int outcome = tried.open(); outcome < 0) return forbidden("a ring", outcome);
  const std::vector<char> bytes(64 * 1024, 'x');
  const std::array<iovec, 2> parts{iovec{const_cast<char*>(bytes.data()), bytes.size()},  // NOLINT(*-const-cast)
                                   iovec{const_cast<char*>(bytes.data()), 1}};            // NOLINT(*-const-cast)
  for (int tries = 0; tries < 1'000; ++tries) {
    std::array<send_job, 2> jobs{send_job{sockets.ends[0], parts.data(), 1, 0},
                                 send_job{sockets.ends[0], parts.data(), parts.size(), 0}};
    if (const int outcome = tried.send(jobs); outcome < 0) return forbidden("a send", outcome);
    for (const auto& job : jobs) {
      if (job.sent == -EAGAIN) return {};
      if (job.sent <= 0) return forbidden("a send", static_cast<int>(job.sent));
    }
  }
  return forbidden("a full socket", -EAGAIN);
}

}  // namespace parley
