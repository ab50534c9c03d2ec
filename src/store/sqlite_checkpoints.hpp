// Moves the write-ahead log into the file after commits, and keeps readers from letting it grow without end.
#pragma once

#include <sqlite3.h>

#include <cstdint>

namespace parley {

/// Belongs to the one connection that writes. A commit that leaves much in the log moves what no reader needs any more,
/// waiting for nobody; so a log that some reader always uses never begins anew. Past `most_bytes` a commit therefore
/// waits a moment for the readers to come out of it.
class sqlite_checkpoints {
 public:
  /// Takes the connection's hook for commits. `busy_timeout_ms` is the connection's, restored after each wait.
  sqlite_checkpoints(sqlite3* connection, std::int64_t page_bytes, std::uint64_t most_bytes, int busy_timeout_ms);
  sqlite_checkpoints(const sqlite_checkpoints&) = delete;
  sqlite_checkpoints& operator=(const sqlite_checkpoints&) = delete;

 private:
  static int on_commit(void* self, sqlite3* connection, const char* database, int pages) noexcept;
  void keep_bounded(std::int64_t pages);
  void move_what_is_free(std::int64_t pages);
  void begin_anew(std::int64_t pages);
  void report(int code, std::int64_t pages) const;

  sqlite3* connection_;
  std::int64_t page_bytes_;
  std::int64_t most_pages_;
  std::int64_t next_wait_;  ///< Pages at which a commit waits next.
  int busy_timeout_ms_;
  bool failing_ = false;
};

}  // namespace parley
