// The index of messages' words beside SQLite's file: a file of its own, so that it has a writer of its own.
#pragma once

#include <memory>
#include <string>

#include "parley/search.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

/// "parley.db.search"
std::string search_path_of(const std::string& store_path);

/// Opens the index and makes it where it is missing or broken. Throws sqlite_error.
std::unique_ptr<search_index> make_sqlite_search_index(const sqlite_options& store);

/// An open index, to look into. Null while there is none. Throws sqlite_error.
std::unique_ptr<sqlite_connection> open_search_file(const sqlite_options& store);

}  // namespace parley
