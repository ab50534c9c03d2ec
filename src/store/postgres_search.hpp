// The index of messages' words on PostgreSQL.
#pragma once

#include <memory>

#include "parley/search.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// On a connection of its own, made with the first call.
std::unique_ptr<search_index> make_postgres_search_index(const postgres_options& options);

}  // namespace parley
