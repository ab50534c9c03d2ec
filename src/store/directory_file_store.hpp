// Files in a folder: on this machine's disk, or on one that all nodes share.
#pragma once

#include <memory>
#include <string>

#include "parley/config.hpp"
#include "parley/files.hpp"

namespace parley {

/// Makes the folder, and tries to write there; fails with the key's name.
result<std::unique_ptr<file_store>> open_directory_file_store(const std::string& folder);

/// As files.url says; null for "store:", where the database itself keeps them.
result<std::unique_ptr<file_store>> open_file_store(const config& settings);
/// What `files.url` stands for once "auto" is resolved: "store:" or "dir:FOLDER". Also the rules between it and the
/// store.
result<std::string> resolved_files_url(const config& settings);

}  // namespace parley
