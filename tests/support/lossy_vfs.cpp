// SQLite's file methods, passed on to the real ones, with a note of what is not on the disk yet.
#include "support/lossy_vfs.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <random>
#include <stdexcept>

namespace parley::test {
namespace {

constexpr std::size_t sector_bytes = 512;

std::vector<char> content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Counts down to the moment from which on something fails; -1 is never.
bool is_due(std::int64_t& until) {
  if (until > 0) --until;
  return until == 0;
}

}  // namespace

/// What SQLite gets as its file; the real file's own part follows it in memory.
struct lossy_vfs::open_file {
  sqlite3_file base;
  lossy_vfs* owner;
  file_image* image;  ///< Null for files that need not survive.

  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

int lossy_vfs::begin_write() {
  ++calls_;
  if (power_cut_ || is_due(calls_until_cut_)) {
    power_cut_ = true;
    return SQLITE_IOERR_WRITE;
  }
  if (writes_until_full_ == 0) return SQLITE_FULL;
  if (writes_until_full_ > 0) --writes_until_full_;
  return SQLITE_OK;
}

int lossy_vfs::begin_sync() {
  ++calls_;
  if (power_cut_ || is_due(calls_until_cut_)) {
    power_cut_ = true;
    return SQLITE_IOERR_FSYNC;
  }
  if (syncs_until_failure_ == 0) return SQLITE_IOERR_FSYNC;
  if (syncs_until_failure_ > 0) --syncs_until_failure_;
  ++syncs_;
  return SQLITE_OK;
}

void lossy_vfs::apply(std::vector<char>& content, const change& what) {
  const auto offset = static_cast<std::size_t>(what.offset);
  if (what.is_truncation) {
    if (offset < content.size()) content.resize(offset);
    return;
  }
  if (content.size() < offset + what.bytes.size()) content.resize(offset + what.bytes.size());
  std::copy(what.bytes.begin(), what.bytes.end(), content.begin() + what.offset);
}

struct lossy_vfs::calls_of_sqlite {
  static open_file& of(sqlite3_file* file) { return *reinterpret_cast<open_file*>(file); }
  static lossy_vfs& of(sqlite3_vfs* vfs) { return *static_cast<lossy_vfs*>(vfs->pAppData); }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    auto& self = of(vfs);
    auto& opened = *new (file) open_file{{nullptr}, &self, nullptr};
    if (self.is_power_cut()) return SQLITE_CANTOPEN;
    const bool survives =
        path != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    if (survives) {
      const std::lock_guard lock(self.mutex_);
      const auto [image, is_new] = self.images_.try_emplace(path);
      if (is_new) image->second.durable = content_of(path);
      opened.image = &image->second;
    }
    const int code = self.real_->xOpen(self.real_, path, opened.real(), flags, out_flags);
    if (opened.real()->pMethods != nullptr) opened.base.pMethods = &methods;
    return code;
  }

  static int close(sqlite3_file* file) { return of(file).real()->pMethods->xClose(of(file).real()); }

  static int read(sqlite3_file* file, void* buffer, int bytes, sqlite3_int64 offset) {
    if (of(file).owner->is_power_cut()) return SQLITE_IOERR_READ;
    return of(file).real()->pMethods->xRead(of(file).real(), buffer, bytes, offset);
  }

  static int write(sqlite3_file* file, const void* buffer, int bytes, sqlite3_int64 offset) {
    auto& opened = of(file);
    const std::lock_guard lock(opened.owner->mutex_);
    if (const int refused = opened.owner->begin_write(); refused != SQLITE_OK) return refused;
    const auto* begin = static_cast<const char*>(buffer);
    if (opened.image != nullptr) opened.image->pending.push_back({offset, {begin, begin + bytes}, false});
    return opened.real()->pMethods->xWrite(opened.real(), buffer, bytes, offset);
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    auto& opened = of(file);
    const std::lock_guard lock(opened.owner->mutex_);
    if (opened.owner->power_cut_) return SQLITE_IOERR_TRUNCATE;
    if (opened.image != nullptr) opened.image->pending.push_back({size, {}, true});
    return opened.real()->pMethods->xTruncate(opened.real(), size);
  }

  static int sync(sqlite3_file* file, int) {
    auto& opened = of(file);
    const std::lock_guard lock(opened.owner->mutex_);
    const int refused = opened.owner->begin_sync();
    if (opened.image == nullptr || opened.owner->power_cut_) return refused;
    if (refused == SQLITE_OK) {
      for (const auto& made : opened.image->pending) apply(opened.image->durable, made);
    }
    opened.image->pending.clear();
    return refused;
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    if (of(file).owner->is_power_cut()) return SQLITE_IOERR_FSTAT;
    return of(file).real()->pMethods->xFileSize(of(file).real(), size);
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    auto& self = of(vfs);
    if (self.is_power_cut()) return SQLITE_IOERR_DELETE;
    const int code = self.real_->xDelete(self.real_, path, sync_folder);
    const std::lock_guard lock(self.mutex_);
    // The image stays, since a connection may still hold it; a file without content is as good as none.
    if (const auto image = self.images_.find(path); image != self.images_.end()) image->second = {};
    return code;
  }

  // Locks and shared memory are no part of the disk.
  static int lock(sqlite3_file* f, int level) { return of(f).real()->pMethods->xLock(of(f).real(), level); }
  static int unlock(sqlite3_file* f, int level) { return of(f).real()->pMethods->xUnlock(of(f).real(), level); }
  static int check_lock(sqlite3_file* f, int* held) {
    return of(f).real()->pMethods->xCheckReservedLock(of(f).real(), held);
  }
  static int control(sqlite3_file* f, int operation, void* argument) {
    return of(f).real()->pMethods->xFileControl(of(f).real(), operation, argument);
  }
  static int sector_size(sqlite3_file* f) { return of(f).real()->pMethods->xSectorSize(of(f).real()); }
  static int characteristics(sqlite3_file* f) { return of(f).real()->pMethods->xDeviceCharacteristics(of(f).real()); }
  static int shm_map(sqlite3_file* f, int page, int bytes, int extend, void volatile** out) {
    return of(f).real()->pMethods->xShmMap(of(f).real(), page, bytes, extend, out);
  }
  static int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    return of(f).real()->pMethods->xShmLock(of(f).real(), offset, n, flags);
  }
  static void shm_barrier(sqlite3_file* f) { of(f).real()->pMethods->xShmBarrier(of(f).real()); }
  static int shm_unmap(sqlite3_file* f, int remove) { return of(f).real()->pMethods->xShmUnmap(of(f).real(), remove); }

  static const sqlite3_io_methods methods;
};

/// Version 2: shared memory, but no mapping of the file past our eyes.
const sqlite3_io_methods lossy_vfs::calls_of_sqlite::methods = {
    2,         close,      read,    write,       truncate,        sync,    file_size, lock,
    unlock,    check_lock, control, sector_size, characteristics, shm_map, shm_lock,  shm_barrier,
    shm_unmap, nullptr,    nullptr,
};

lossy_vfs::lossy_vfs(std::string name) : name_(std::move(name)), real_(sqlite3_vfs_find(nullptr)) {
  registration_ = *real_;
  registration_.pNext = nullptr;
  registration_.zName = name_.c_str();
  registration_.pAppData = this;
  registration_.szOsFile = static_cast<int>(sizeof(open_file)) + real_->szOsFile;
  registration_.xOpen = calls_of_sqlite::open;
  registration_.xDelete = calls_of_sqlite::remove;
  if (sqlite3_vfs_register(&registration_, 0) != SQLITE_OK) throw std::runtime_error("cannot register the VFS");
}

lossy_vfs::~lossy_vfs() { sqlite3_vfs_unregister(&registration_); }

void lossy_vfs::cut_power(std::int64_t after_calls) {
  const std::lock_guard lock(mutex_);
  power_cut_ = after_calls == 0;
  // The next call is the first that does not happen.
  calls_until_cut_ = after_calls == 0 ? -1 : after_calls + 1;
}

bool lossy_vfs::is_power_cut() const {
  const std::lock_guard lock(mutex_);
  return power_cut_;
}

void lossy_vfs::restore_power(std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  std::mt19937_64 random(seed);
  for (auto& [path, image] : images_) {
    for (auto& lost : image.pending) {
      const auto fate = seed == 0 ? 0 : random() % 3;
      if (fate == 0) continue;
      if (fate == 1 && !lost.is_truncation) {
        const auto sectors = lost.bytes.size() / sector_bytes + 1;
        lost.bytes.resize(std::min<std::size_t>(lost.bytes.size(), random() % sectors * sector_bytes));
      }
      apply(image.durable, lost);
    }
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(image.durable.data(), static_cast<std::streamsize>(image.durable.size()));
    if (!file) throw std::runtime_error("cannot restore " + path);
    file.close();
    std::filesystem::remove(path + "-shm");
  }
  images_.clear();
  power_cut_ = false;
  calls_until_cut_ = syncs_until_failure_ = writes_until_full_ = -1;
}

void lossy_vfs::fail_syncs(std::int64_t after_syncs) {
  const std::lock_guard lock(mutex_);
  syncs_until_failure_ = after_syncs;
}

void lossy_vfs::fill_disk(std::int64_t after_writes) {
  const std::lock_guard lock(mutex_);
  writes_until_full_ = after_writes;
}

void lossy_vfs::heal() {
  const std::lock_guard lock(mutex_);
  syncs_until_failure_ = writes_until_full_ = -1;
}

std::int64_t lossy_vfs::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::int64_t lossy_vfs::syncs() const {
  const std::lock_guard lock(mutex_);
  return syncs_;
}

}  // namespace parley::test
