// The floor's other way: up to 256 sends in one io_uring_enter, as Parley's shards do it.
#pragma once

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

#include "peers/floor/ring_kind.hpp"

namespace parley::bench {

/// Of one thread. Ends the program when the kernel forbids it: there is nothing to measure then.
class ring {
 public:
  static constexpr std::size_t most = ring_kind::most_sends;

  explicit ring(ring_kind kind) : kind_(kind) { demand(open_ring(kind, ring_)); }
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring() { io_uring_queue_exit(&ring_); }

  void know(int socket) { update(socket, socket); }
  void forget(int socket) { update(socket, -1); }

  /// At most `most`, the same bytes to each; `sent` gets what each call would have returned, or a negative errno.
  void send(const std::vector<int>& sockets, std::string_view bytes, std::vector<int>& sent) {
    sent.assign(sockets.size(), 0);
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      auto* const entry = io_uring_get_sqe(&ring_);
      io_uring_prep_send(entry, sockets[i], bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (kind_.has_files) io_uring_sqe_set_flags(entry, IOSQE_FIXED_FILE);
      io_uring_sqe_set_data64(entry, i);
    }
    for (std::size_t left = sockets.size(); left > 0;) {
      const int outcome = io_uring_submit_and_wait(&ring_, static_cast<unsigned>(left));
      if (outcome < 0 && outcome != -EINTR) demand(outcome);
      unsigned head = 0;
      unsigned count = 0;
      io_uring_cqe* completion = nullptr;
      io_uring_for_each_cqe(&ring_, head, completion) {
        sent[completion->user_data] = completion->res;
        ++count;
      }
      io_uring_cq_advance(&ring_, count);
      left -= count;
    }
  }

 private:
  void update(int socket, int descriptor) {
    if (kind_.has_files) demand(io_uring_register_files_update(&ring_, static_cast<unsigned>(socket), &descriptor, 1));
  }

  static void demand(int outcome) {
    if (outcome >= 0) return;
    std::cerr << "floor-server: io_uring: errno " << -outcome << '\n';
    std::exit(EXIT_FAILURE);
  }

  ring_kind kind_;
  io_uring ring_{};
};

}  // namespace parley::bench
