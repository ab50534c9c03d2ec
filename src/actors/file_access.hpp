// Who may read a file, by a token or by a signed address; runs on reading threads.
#pragma once

#include <chrono>

#include "parley/database.hpp"
#include "parley/file_requests.hpp"

namespace parley {

/// `not_found` for whoever may not see it, for a signature that does not fit, and for one that has expired.
result<stored_file> find_file(database_reader& store, const open_file& ask, const std::string& key, timestamp now);

/// Good for one to two of `period`: within a period an address stays the same, so that browsers may keep what it shows.
result<sign_file::reply> sign_address(database_reader& store, const sign_file& ask, const std::string& key,
                                      std::chrono::seconds period, timestamp now);

}  // namespace parley
