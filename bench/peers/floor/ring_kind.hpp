// The rings that the floor can send by, each named so that what it saves can be measured.
#pragma once

#include <liburing.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace parley::bench {

struct ring_kind {
  static constexpr unsigned most_sends = 256;  ///< In a call.
  static constexpr unsigned most_files = 4'096;

  unsigned flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SINGLE_ISSUER;
  bool has_files = false;  ///< Sockets are registered with the ring, those below most_files.
};

/// `uring` is as parleyd has it.
inline std::optional<ring_kind> ring_kind_of(std::string_view name) {
  const ring_kind usual;
  const std::array<std::pair<std::string_view, ring_kind>, 4> known{
      {{"uring", usual},
       {"uring-defer", {usual.flags | IORING_SETUP_DEFER_TASKRUN, false}},
       {"uring-files", {usual.flags, true}},
       {"uring-sqpoll", {IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SQPOLL, false}}}};
  for (const auto& [one, kind] : known) {
    if (one == name) return kind;
  }
  return std::nullopt;
}

/// 0, or a negative errno, when there is no ring.
inline int open_ring(const ring_kind& kind, io_uring& ring) {
  // Twice: a polling kernel may tell that sends are done before it gives their entries back.
  int outcome = io_uring_queue_init(2 * ring_kind::most_sends, &ring, kind.flags);
  if (outcome < 0 || !kind.has_files) return outcome;
  outcome = io_uring_register_files_sparse(&ring, ring_kind::most_files);
  if (outcome < 0) io_uring_queue_exit(&ring);
  return outcome;
}

}  // namespace parley::bench
