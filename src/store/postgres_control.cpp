// Numbering control events under the locks of their partitions.
#include "store/postgres_control.hpp"

#include <array>

#include "store/control_rows.hpp"

namespace parley {

control_columns::control_columns(const std::vector<control_event>& events) {
  std::array<std::int64_t, control_partitions> counts{};
  for (const auto& event : events) {
    const auto partition = control_partition_of(event.user);
    const auto row = row_of(event);
    partitions_.add(static_cast<std::int64_t>(partition));
    places_.add(++counts[partition]);
    users_.add(event.user);
    kinds_.add(row.kind);
    rooms_.add(row.room);
    room_seqs_.add(row.room_seq);
    others_.add(row.other);
    by_.add(row.by);
    words_.add(row.word);
    tokens_.add(row.token_hashes);
    times_.add(row.at);
    versions_.add(row.version);
  }
  for (std::size_t partition = 0; partition < counts.size(); ++partition) {
    if (counts[partition] == 0) continue;
    used_.add(static_cast<std::int64_t>(partition));
    uses_.add(counts[partition]);
  }
}

void control_columns::send(postgres_round_trip& trip) const {
  if (users_.empty()) return;
  trip.add("SELECT 1 FROM tb_control_position WHERE partition_id = ANY($1) ORDER BY partition_id FOR NO KEY UPDATE",
           used_);
  trip.add(
      "WITH raised AS (UPDATE tb_control_position p SET last_seq = p.last_seq + n.uses"
      " FROM unnest($1, $2) AS n (partition_id, uses) WHERE p.partition_id = n.partition_id"
      " RETURNING p.partition_id, p.last_seq - n.uses AS before)"
      " INSERT INTO tb_control_event (partition_id, seq, user_id, kind, room_id, room_seq, other_id, by_id, word,"
      " token_hashes, at, version, created_at)"
      " SELECT r.partition_id, r.before + e.place, e.user_id, e.kind, e.room_id, e.room_seq, e.other_id, e.by_id,"
      " e.word, e.token_hashes, e.at, e.version, now()"
      " FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
      " AS e (partition_id, place, user_id, kind, room_id, room_seq, other_id, by_id, word, token_hashes, at, version)"
      " JOIN raised r ON r.partition_id = e.partition_id",
      used_, uses_, partitions_, places_, users_, kinds_, rooms_, room_seqs_, others_, by_, words_, tokens_, times_,
      versions_);
}

}  // namespace parley
