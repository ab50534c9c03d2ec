// A connection that writes to PostgreSQL.
#pragma once

#include <memory>

#include "parley/config.hpp"
#include "parley/database.hpp"
#include "parley/metrics.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// Throws postgres_error when there is no connection. What it is given must outlive it.
std::unique_ptr<database_writer> make_postgres_writer(const postgres_options& options, const limits_config& limits,
                                                      metrics& counts);

}  // namespace parley
