// The cluster's store: a PostgreSQL database that several nodes share.
#pragma once

#include <memory>

#include "parley/config.hpp"
#include "parley/database.hpp"
#include "parley/metrics.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// Only remembers how to connect: each writer and reader has a connection of its own, made when it is first used. The
/// metrics must outlive it.
std::unique_ptr<database> open_postgres_database(const postgres_options& options, const limits_config& limits,
                                                 metrics& counts);

}  // namespace parley
