// When a commit checkpoints and how, by SQLite's own functions.
#include "store/sqlite_checkpoints.hpp"

#include <algorithm>

#include "parley/log.hpp"

namespace parley {
namespace {

/// 16 MiB of log, so that the checkpoint's two syncs are spread over many commits.
constexpr std::int64_t usual_pages = 4'096;
constexpr int wait_for_readers_ms = 100;
/// After a wait in vain the log grows by this part of its bound before the next, so that waits stay rare.
constexpr std::int64_t parts_between_waits = 16;

}  // namespace

sqlite_checkpoints::sqlite_checkpoints(sqlite3* connection, std::int64_t page_bytes, std::uint64_t most_bytes,
                                       int busy_timeout_ms)
    : connection_(connection),
      page_bytes_(page_bytes),
      most_pages_(std::max<std::int64_t>(static_cast<std::int64_t>(most_bytes) / page_bytes, 1)),
      next_wait_(most_pages_),
      busy_timeout_ms_(busy_timeout_ms) {
  sqlite3_wal_hook(connection, &on_commit, this);
}

/// The commit stands whatever becomes of the checkpoint: an error returned here would make it look failed.
int sqlite_checkpoints::on_commit(void* self, sqlite3*, const char*, int pages) noexcept {
  static_cast<sqlite_checkpoints*>(self)->keep_bounded(pages);
  return SQLITE_OK;
}

void sqlite_checkpoints::keep_bounded(std::int64_t pages) {
  if (pages < most_pages_) next_wait_ = most_pages_;
  if (pages >= next_wait_) {
    begin_anew(pages);
  } else if (pages >= usual_pages) {
    move_what_is_free(pages);
  }
}

void sqlite_checkpoints::move_what_is_free(std::int64_t pages) {
  const int code = sqlite3_wal_checkpoint_v2(connection_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  const bool failed = code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY;
  // Each further commit fails alike: once is enough, until it works again or a wait is due.
  if (failed && !failing_) report(code, pages);
  failing_ = failed;
}

void sqlite_checkpoints::begin_anew(std::int64_t pages) {
  sqlite3_busy_timeout(connection_, wait_for_readers_ms);
  const int code = sqlite3_wal_checkpoint_v2(connection_, nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  sqlite3_busy_timeout(connection_, busy_timeout_ms_);
  failing_ = code != SQLITE_OK;
  next_wait_ = failing_ ? pages + std::max<std::int64_t>(most_pages_ / parts_between_waits, 1) : most_pages_;
  if (failing_) report(code, pages);
}

void sqlite_checkpoints::report(int code, std::int64_t pages) const {
  const auto mib = pages * page_bytes_ / (1024 * 1024);
  if ((code & 0xFF) == SQLITE_BUSY) {
    log::warn("sqlite", "checkpoint_blocked", "A long read keeps the write-ahead log, now {} MiB, from beginning anew.",
              mib);
  } else {
    log::error("sqlite", "checkpoint_failed", "The write-ahead log, now {} MiB, cannot be moved into the file: {}.",
               mib, sqlite3_errstr(code));
  }
}

}  // namespace parley
