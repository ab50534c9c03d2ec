// The index of messages' words on PostgreSQL.
#pragma once

#include <memory>
#include <string>

#include "parley/ids.hpp"
#include "parley/search.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// Stands among a message's words for its room.
inline std::string room_word(room_id room) { return '#' + to_string(room); }

/// On a connection of its own, made with the first call.
std::unique_ptr<search_index> make_postgres_search_index(const postgres_options& options);

}  // namespace parley
