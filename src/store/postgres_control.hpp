// Control events within a transaction on PostgreSQL: gathered while it runs, numbered and written at its end.
#pragma once

#include <vector>

#include "parley/control_log.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// The last words before COMMIT, since whoever holds a partition's lock should want nothing more: locks are taken in
/// the partitions' order. Does nothing for no events. What is given must live until the trip is run.
class control_columns {
 public:
  explicit control_columns(const std::vector<control_event>& events);
  void send(postgres_round_trip& trip) const;

 private:
  postgres_array<std::int64_t> partitions_;   ///< Of each event.
  postgres_array<std::int64_t> used_, uses_;  ///< Each partition once, and how many events it gets.
  postgres_array<std::int64_t> places_;       ///< Of each event among those of its partition, from 1.
  postgres_array<uuid> users_, rooms_, others_, by_;
  postgres_array<std::int64_t> room_seqs_, versions_;
  postgres_array<std::string_view> kinds_, words_, tokens_;
  postgres_array<timestamp> times_;
};

}  // namespace parley
