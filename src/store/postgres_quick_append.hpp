// New messages in one round trip, as most batches have nothing else: store_sends() of the schema locks, looks and
// stores.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/config.hpp"
#include "store/append_facts.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// A transaction of its own, for a batch that is plain: new messages without files that answer no others, which their
/// senders may send, and none of which was stored before. When one is otherwise it stores nothing, and postgres_append,
/// which knows every rule, takes all. Rooms that another transaction has are passed by, to be waited for behind the
/// others. Belongs to one writer.
class postgres_quick_append {
 public:
  explicit postgres_quick_append(const limits_config& limits) : limits_(limits) {}

  /// Whether they look plain, as far as that is seen without the store. Commands must stay in place until run() is
  /// over.
  bool choose(std::span<const append_command> commands);
  /// Throws postgres_error. A lost connection leaves in doubt whether anything is stored: see was_committed().
  void run(postgres_connection& connection);
  /// On another connection, after run() got no answer. Looks for the messages, and once more behind the locks of the
  /// rooms, where the old transaction has ended either way. Leaves no transaction open.
  bool was_committed(postgres_connection& connection);
  /// What `commands` came to, by whichever way. Whoever has just repeated a message is expected to go on.
  void note_repeaters(std::span<const append_command> commands,
                      std::span<const std::optional<append_outcome>> outcomes);
  /// The outcomes of what is stored, whoever has said so; the others stay as they are. Once.
  void fill(std::vector<std::optional<append_outcome>>& outcomes);

 private:
  struct spot {
    std::size_t room;  ///< In rooms_.
    sequence step;     ///< Behind the room's last_seq.
  };
  struct stored_message {
    std::size_t place;  ///< In order_.
    sequence seq;
    std::string sender_name;
  };

  [[nodiscard]] bool is_plain(const append_command& command) const;
  [[nodiscard]] bool repeats(const append_command& command) const;
  /// number, seq, display_name
  void read_stored(const postgres_rows& rows);

  const limits_config& limits_;
  /// Who repeated a message, and when: rows of a known key would be written in vain, with those of the whole batch.
  fact_map<membership_key, std::chrono::steady_clock::time_point> repeaters_;
  std::span<const append_command> commands_;
  std::vector<std::size_t> order_;  ///< Places among the commands, room by room in order of the rooms' ids.
  std::vector<spot> spots_;         ///< Of each in order_.
  std::vector<stored_message> stored_;
  /// Parameters, used again for the next batch, so that their memory is.
  postgres_array<uuid> rooms_, ids_, users_;
  postgres_array<std::int64_t> counts_, places_, steps_;
  postgres_array<std::string_view> contents_, keys_;
  postgres_array<timestamp> times_;
};

}  // namespace parley
