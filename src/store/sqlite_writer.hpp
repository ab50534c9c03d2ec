// The one connection that writes a SQLite file.
#pragma once

#include <memory>

#include "parley/config.hpp"
#include "parley/database.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

/// Throws sqlite_error when the file cannot be opened. The limits must outlive the writer.
std::unique_ptr<database_writer> make_sqlite_writer(const sqlite_options& options, const limits_config& limits);

}  // namespace parley
