// Files that people send: their addresses, what the store knows of them, and the ports to their bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/clock.hpp"
#include "parley/error.hpp"
#include "parley/ids.hpp"
#include "parley/values.hpp"

namespace parley {

using file_id = id<struct file_tag>;

/// Files are moved in blocks of so many bytes; only the last one is shorter.
inline constexpr std::size_t file_block_bytes = 256 * 1024;
/// Of a file's name, in UTF-8.
inline constexpr std::size_t longest_file_name = 128;

inline constexpr std::string_view files_path = "/api/v1/files/";
/// "/api/v1/files/{id}/{name}", the name percent-encoded: the one address of a file.
std::string file_url_of(file_id file, std::string_view name);
/// The file that an address of that form names; nothing for any other address.
std::optional<file_id> file_of_url(std::string_view url);
/// What is left of a name that came from anywhere: without folders, control characters and text-direction marks, at
/// most `longest_file_name` bytes, its extension kept; "file" when nothing is left. It names nothing on any disk.
std::string safe_file_name(std::string_view name);

struct stored_file {
  file_id id;
  user_id owner;
  std::string name;
  std::string content_type;
  std::uint64_t size = 0;  ///< Bytes.
};

struct own_file {
  stored_file file;
  timestamp created_at{};
};
struct own_files {
  page<own_file> files;
  std::uint64_t used_bytes = 0;  ///< What counts for the quota, uploads under way with what they announced.
};

// --- What the store keeps of files ---

struct new_file {
  file_id id;
  user_id owner;
  std::string name;
  std::uint64_t announced_bytes = 0;  ///< They count at once, so that uploads side by side do not exceed the quota.
  std::uint64_t quota_bytes = 0;      ///< Of all the owner's files; 0 = no limit.
  timestamp created_at{};
};
struct finished_file {
  file_id id;
  user_id owner;
  std::string name;
  std::string content_type;
  std::uint64_t size = 0;
  std::uint64_t quota_bytes = 0;
};

/// What a sweep takes.
struct unused_files {
  timestamp unsent_before{};  ///< What no message has since then.
  timestamp begun_before{};   ///< Uploads that began before it: nobody goes on with them.
  timestamp now{};
  std::uint32_t limit = 0;
};

/// Part of record_writer: jobs within a batch's transaction.
class file_records {
 public:
  virtual ~file_records() = default;
  /// `too_large` over the quota, `unauthenticated` for an owner who is not active.
  virtual result<void> begin_file(const new_file& file) = 0;
  /// Into the database; for stores that keep files there.
  virtual result<void> write_file_block(file_id file, std::uint32_t block, std::string_view bytes) = 0;
  /// From here on it may be sent. `not_found` when it was swept meanwhile; otherwise as begin_file.
  virtual result<void> finish_file(const finished_file& file) = 0;
  /// Its owner wants it no more: nobody sees or sends it from then on, but moderators while a report of it is open.
  /// Answers whether its bytes may go now, or a later sweep is to take them. `not_found` for what is not theirs.
  virtual result<bool> withdraw_file(user_id owner, file_id file, std::string_view name, timestamp now) = 0;
  /// Files that nobody has sent, or whose messages were deleted, and uploads that broke off; from then on nobody can
  /// send them. Also what an earlier call has taken before `unsent_before` and nobody has deleted yet: what cannot be
  /// deleted stands in front of nothing else.
  virtual result<std::vector<file_id>> take_unused_files(const unused_files& which) = 0;
  /// Their rows, and their blocks in the database.
  virtual result<void> delete_files(std::span<const file_id> files) = 0;
  /// What is kept under that name; `fresh` is kept when there is nothing yet.
  virtual result<std::string> keep_secret(std::string_view name, std::string_view fresh) = 0;
};

/// Part of database_reader.
class file_queries {
 public:
  virtual ~file_queries() = default;
  /// Null when there is no such file, or not for that user: the owner, members of rooms in which a message has it, and
  /// everybody while it is the owner's profile picture.
  virtual result<std::optional<stored_file>> file_for(user_id user, file_id file) = 0;
  /// The owner's, the newest first; the cursor is the id before which a page begins.
  virtual result<own_files> files_of(user_id owner, const page_request& range) = 0;
  /// One block from the database; empty behind the end.
  virtual result<std::string> file_block(file_id file, std::uint32_t block) = 0;
};

/// Where bytes of files are outside the database. Blocks; any thread, several at once for different files.
class file_store {
 public:
  virtual ~file_store() = default;
  virtual result<void> put(file_id file, std::uint32_t block, std::string_view bytes) = 0;
  /// Behind it, the file outlives a loss of power.
  virtual result<void> seal(file_id file) = 0;
  virtual result<std::string> get(file_id file, std::uint32_t block) = 0;
  /// Also of a file that was never sealed; what is not there is no failure.
  virtual result<void> remove(file_id file) = 0;
};

}  // namespace parley
