// Where the bytes of files are, for actors: in the database, or in a file store on threads of its own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "actors/job_messages.hpp"
#include "actors/read_pool.hpp"
#include "actors/storage_pool.hpp"
#include "parley/answer.hpp"
#include "parley/files.hpp"

namespace parley {

/// Any thread may call; answers come on whichever thread did the work. What waits is bounded by files.transfers, of
/// which each has one call under way.
class file_shelf {
 public:
  virtual ~file_shelf() = default;
  virtual void put(file_id file, std::uint32_t block, std::string bytes, answer<std::monostate> reply) const = 0;
  /// Behind it, the file outlives a loss of power.
  virtual void seal(file_id file, answer<std::monostate> reply) const = 0;
  virtual void get(file_id file, std::uint32_t block, answer<std::string> reply) const = 0;
  /// What delete_files does not remove by itself. Answers which are gone: one that cannot be removed keeps no other.
  virtual void remove(std::vector<file_id> files, answer<std::vector<file_id>> reply) const = 0;
};

/// As blocks in rows. Both pools outlive it.
std::unique_ptr<file_shelf> make_database_shelf(const storage_pool& storage, const read_pool& reads);
/// `store` outlives it; `threads` are job actors that the caller ends.
std::unique_ptr<file_shelf> make_store_shelf(file_store& store, std::vector<job_handle> threads);

}  // namespace parley
