// Each file under a name made of its id alone; while it is uploaded, with ".part" behind it.
#include "store/directory_file_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "parley/log.hpp"
#include "store/open_database.hpp"

namespace parley {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view directory_scheme = "dir:";
constexpr std::string_view database_scheme = "store:";

class descriptor {
 public:
  descriptor(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// Call it at once, while errno is the failure's.
error failure(std::string_view what, const fs::path& where) {
  const auto why = std::error_code(errno, std::generic_category());
  log::error("files", "file_fault", "{} {}: {}", what, where.string(), why.message());
  return unavailable("The file store failed; try again.");
}

bool write_all(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

class directory_file_store final : public file_store {
 public:
  explicit directory_file_store(fs::path folder) : folder_(std::move(folder)) {}

  result<void> put(file_id file, std::uint32_t block, std::string_view bytes) override {
    const auto path = part_of(file);
    if (block == 0) {
      std::error_code fault;
      fs::create_directories(path.parent_path(), fault);
    }
    const descriptor out(path, O_WRONLY | (block == 0 ? O_CREAT | O_TRUNC : 0));
    if (!out.is_open()) return failure("opening", path);
    if (!write_all(out.get(), bytes, offset_of(block))) return failure("writing", path);
    return {};
  }

  result<void> seal(file_id file) override {
    const auto part = part_of(file);
    const auto path = path_of(file);
    const descriptor written(part, O_WRONLY);
    if (!written.is_open()) return failure("opening", part);
    if (::fsync(written.get()) != 0) return failure("syncing", part);
    if (::rename(part.c_str(), path.c_str()) != 0) return failure("renaming", part);
    // The name, and the folder's own name in its parent.
    for (auto folder = path.parent_path();; folder = folder.parent_path()) {
      const descriptor held(folder, O_RDONLY | O_DIRECTORY);
      if (!held.is_open() || ::fsync(held.get()) != 0) return failure("syncing", folder);
      if (folder == folder_) return {};
    }
  }

  result<std::string> get(file_id file, std::uint32_t block) override {
    const auto path = path_of(file);
    const descriptor in(path, O_RDONLY);
    if (!in.is_open() && errno == ENOENT) {
      log::warn("files", "file_missing", "{} is not there: deleted while somebody read it, or lost", path.string());
      return unavailable("The file is not there any more.");
    }
    if (!in.is_open()) return failure("opening", path);
    std::string bytes(file_block_bytes, '\0');
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const auto got = ::pread(in.get(), bytes.data() + filled, bytes.size() - filled,
                               static_cast<off_t>(offset_of(block) + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failure("reading", path);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
  }

  result<void> remove(file_id file) override {
    for (const auto& path : {part_of(file), path_of(file)}) {
      if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure("removing", path);
    }
    return {};
  }

 private:
  static std::uint64_t offset_of(std::uint32_t block) { return std::uint64_t{block} * file_block_bytes; }
  /// Two of an id's random digits first, so that no folder has them all.
  [[nodiscard]] fs::path path_of(file_id file) const {
    const auto name = to_string(file);
    return folder_ / name.substr(name.size() - 2) / name;
  }
  [[nodiscard]] fs::path part_of(file_id file) const { return path_of(file) += ".part"; }

  fs::path folder_;
};

}  // namespace

result<std::unique_ptr<file_store>> open_directory_file_store(const std::string& folder) {
  std::error_code fault;
  const auto path = fs::absolute(folder, fault).lexically_normal();
  // A folder that was there keeps the rights that its operator gave it.
  if (fs::create_directories(path, fault)) fs::permissions(path, fs::perms::owner_all, fault);
  if (fault || ::access(path.c_str(), W_OK | X_OK) != 0) {
    return bad_request(fmt::format("files.url: {} cannot be written: {}", path.string(),
                                   fault ? fault.message() : std::generic_category().message(errno)));
  }
  return std::unique_ptr<file_store>(std::make_unique<directory_file_store>(path));
}

result<std::string> resolved_files_url(const config& settings) {
  const auto& url = settings.files.url;
  const auto sqlite = parse_sqlite_url(settings.store.url);
  if (url == "auto") return sqlite ? "dir:" + sqlite->path + ".files" : std::string(database_scheme);
  if (url == database_scheme) return url;
  if (!url.starts_with(directory_scheme) || url.size() == directory_scheme.size()) {
    return bad_request("files.url: must be auto, store: or dir:FOLDER");
  }
  if (!sqlite && !settings.files.shared) {
    return bad_request(
        "files.url: with PostgreSQL other nodes must find the files too: use store:, or set files.shared = true when"
        " all nodes have that folder mounted");
  }
  return url;
}

result<std::unique_ptr<file_store>> open_file_store(const config& settings) {
  const auto url = resolved_files_url(settings);
  if (!url) return url.error();
  if (*url == database_scheme) return std::unique_ptr<file_store>();
  return open_directory_file_store(url->substr(directory_scheme.size()));
}

}  // namespace parley
