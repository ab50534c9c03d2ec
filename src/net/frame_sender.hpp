// Hands bytes to the kernel, for many sockets at once: behind this stand plain system calls, later io_uring.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>

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

/// One system call a job.
std::unique_ptr<frame_sender> create_plain_sender();

}  // namespace parley
