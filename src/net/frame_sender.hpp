// Hands bytes to the kernel, for many sockets at once: behind this stand plain system calls, or io_uring.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "parley/error.hpp"

namespace parley {

/// One gather write that must not block.
struct send_job {
  int socket = -1;
  const iovec* parts = nullptr;
  std::size_t part_count = 0;
  ssize_t sent = 0;  ///< Set by the sender: bytes taken by the kernel, or a negative errno (-EAGAIN when it is full).
};

/// Belongs to one I/O thread.
class frame_sender {
 public:
  virtual ~frame_sender() = default;
  /// Returns when every job's `sent` is set.
  virtual void send(std::span<send_job> jobs) = 0;
};

/// The ways to send, `net.send`.
enum class send_way : std::uint8_t {
  plain,  ///< One system call a job.
  uring,  ///< One system call for many jobs, by io_uring(7).
};

/// What `setting` ("auto", "uring" or "plain") comes to on this machine; io_uring is tried on a pair of sockets, since
/// a kernel may lack it and a container forbid it. An error where "uring" is asked for and cannot be. Says in the log
/// what it is.
result<send_way> choose_send_way(const std::string& setting);

/// To be used on one thread, whichever calls send() first.
std::unique_ptr<frame_sender> create_sender(send_way way);

std::unique_ptr<frame_sender> create_plain_sender();
/// Falls back to plain system calls, and logs why, where the ring cannot be made after all.
std::unique_ptr<frame_sender> create_uring_sender();
/// An error that says what keeps io_uring from working here.
result<void> try_uring();

}  // namespace parley
