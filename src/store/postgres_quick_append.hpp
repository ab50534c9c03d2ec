// New messages in one round trip, as most batches have nothing else: append_sends() of the schema locks, looks and
// stores.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "parley/config.hpp"
#include "store/append_facts.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// A transaction of its own. It stores what is plain and leaves the rest to postgres_append, which knows every rule:
/// what is no new message, has a file or answers another one; whatever somebody may not send; what has been stored
/// before; and all of a room's commands when one of them is such, or when another transaction has the room, since a
/// room's commands keep their order. Belongs to one writer.
class postgres_quick_append {
 public:
  explicit postgres_quick_append(const limits_config& limits) : limits_(limits) {}

  /// Finds the commands that can be tried; false: there are none. Commands must stay in place until run() is over.
  bool choose(std::span<const append_command> commands);
  /// Fills in the outcomes of what was stored; the others stay as they are. Throws postgres_error. A lost connection
  /// leaves in doubt whether what was chosen is stored.
  void run(postgres_connection& connection, std::vector<std::optional<append_outcome>>& outcomes);

 private:
  [[nodiscard]] bool is_plain(const append_command& command) const;

  const limits_config& limits_;
  std::span<const append_command> commands_;
  std::vector<std::size_t> chosen_;  ///< Places among the commands, room by room in order of the rooms' ids.
  /// Parameters, used again for the next batch, so that their memory is.
  postgres_array<uuid> rooms_, ids_, users_;
  postgres_array<std::int64_t> counts_, places_, steps_;
  postgres_array<std::string_view> contents_, keys_;
  postgres_array<timestamp> times_;
};

}  // namespace parley
