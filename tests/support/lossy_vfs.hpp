// A SQLite file system that can lose power, fail to sync, or be full: what a killed process cannot show.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace parley::test {

/// Registered under its name while it lives; open stores with `sqlite:PATH?vfs=NAME`. Files are real ones,
/// written through, so that everything sees them as usual; beside each stands what would be left of it
/// without power. Thread-safe. Connections must be closed before it is destroyed and before restore_power().
class lossy_vfs {
 public:
  explicit lossy_vfs(std::string name);
  ~lossy_vfs();
  lossy_vfs(const lossy_vfs&) = delete;
  lossy_vfs& operator=(const lossy_vfs&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  /// After that many more writes and syncs nothing reaches a file any more, and every call fails.
  void cut_power(std::int64_t after_calls = 0);
  [[nodiscard]] bool is_power_cut() const;
  /// The files become what was synced. What was written since is lost with seed 0; otherwise each write is
  /// kept, lost or torn as the seed has it, in any order, as a page cache may do.
  void restore_power(std::uint64_t seed = 0);

  /// After that many more calls of the kind they fail until heal(). As on Linux, what a failed sync should
  /// have written counts as clean afterwards: a later sync that succeeds does not bring it to the disk.
  void fail_syncs(std::int64_t after_syncs = 0);
  void fill_disk(std::int64_t after_writes = 0);
  void heal();

  /// Writes and syncs so far, to choose the moment of a power cut.
  [[nodiscard]] std::int64_t calls() const;
  [[nodiscard]] std::int64_t syncs() const;

 private:
  struct change {
    sqlite3_int64 offset = 0;
    std::vector<char> bytes;
    bool is_truncation = false;  ///< Of the file to `offset` bytes.
  };
  struct file_image {
    std::vector<char> durable;
    std::vector<change> pending;
  };
  struct open_file;
  struct calls_of_sqlite;
  friend struct calls_of_sqlite;

  int begin_write();
  int begin_sync();
  static void apply(std::vector<char>& content, const change& what);

  std::string name_;
  sqlite3_vfs* real_;
  sqlite3_vfs registration_{};
  mutable std::mutex mutex_;
  std::map<std::string, file_image> images_;
  bool power_cut_ = false;
  std::int64_t calls_ = 0;
  std::int64_t syncs_ = 0;
  std::int64_t calls_until_cut_ = -1;  ///< -1: never.
  std::int64_t syncs_until_failure_ = -1;
  std::int64_t writes_until_full_ = -1;
};

}  // namespace parley::test
