// Files on PostgreSQL: uploads, who may see one, the sweep, and their blocks when they are kept in the database.
#include <algorithm>

#include "store/file_rows.hpp"
#include "store/postgres_reader.hpp"
#include "store/postgres_records.hpp"

namespace parley {

// --- Writing ---

std::optional<account_flag> postgres_records::lock_owner(user_id owner) {
  const auto rows = connection_.query("SELECT flagDelete FROM tb_users WHERE user_id = $1 FOR NO KEY UPDATE", owner);
  return rows.empty() ? std::nullopt : parse_account_flag(rows[0].text(0));
}

std::uint64_t postgres_records::bytes_of_others(user_id owner, file_id than) {
  const auto rows = connection_.query(
      "SELECT coalesce(sum(size), 0)::bigint FROM tb_file WHERE user_id = $1 AND file_id <> $2 AND stage <> 'going'",
      owner, than);
  return static_cast<std::uint64_t>(rows[0].integer(0));
}

result<void> postgres_records::begin_file(const new_file& file) {
  return record("beginning a file", [&]() -> result<void> {
    if (auto fits = check_new_bytes(*this, file.owner, file.id, file.announced_bytes, file.quota_bytes); !fits) {
      return fits;
    }
    const auto held = connection_.query("SELECT count(*) FROM tb_file WHERE user_id = $1", file.owner);
    if (held[0].integer(0) >= std::int64_t{limits_.files_per_user}) return too_many_files(limits_.files_per_user);
    connection_.query(
        "INSERT INTO tb_file (file_id, user_id, name, file_url, content_type, size, stage, created_at, unsent_since)"
        " VALUES ($1, $2, $3, $4, '', $5, 'uploading', $6, $6)",
        file.id, file.owner, file.name, file_url_of(file.id, file.name),
        static_cast<std::int64_t>(file.announced_bytes), file.created_at);
    return {};
  });
}

result<void> postgres_records::write_file_block(file_id file, std::uint32_t block, std::string_view bytes) {
  return record("writing a file's block", [&]() -> result<void> {
    const auto written = connection_.query(
        "INSERT INTO tb_file_block (file_id, block_no, bytes) SELECT $1, $2, $3"
        " WHERE EXISTS (SELECT 1 FROM tb_file WHERE file_id = $1 AND stage = 'uploading')",
        file, block, byte_view{bytes});
    if (written.changed() == 0) return no_such_file();
    return {};
  });
}

result<void> postgres_records::finish_file(const finished_file& file) {
  return record("finishing a file", [&]() -> result<void> {
    if (auto fits = check_new_bytes(*this, file.owner, file.id, file.size, file.quota_bytes); !fits) return fits;
    const auto finished = connection_.query(
        "UPDATE tb_file SET stage = 'stored', name = $2, file_url = $3, content_type = $4, size = $5"
        " WHERE file_id = $1 AND stage = 'uploading'",
        file.id, file.name, file_url_of(file.id, file.name), file.content_type, static_cast<std::int64_t>(file.size));
    if (finished.changed() == 0) return no_such_file();
    return {};
  });
}

result<bool> postgres_records::withdraw_file(user_id owner, file_id file, std::string_view name, timestamp now) {
  return record("withdrawing a file", [&]() -> result<bool> {
    if (lock_owner(owner) != account_flag::active) return not_active();
    const auto url = file_url_of(file, name);
    const auto withdrawn = connection_.query(
        "UPDATE tb_file SET stage = 'going', unsent_since = $4"
        " WHERE file_id = $1 AND user_id = $2 AND file_url = $3 AND stage = 'stored'",
        file, owner, url, now);
    if (withdrawn.changed() == 0) return no_such_file();
    return connection_.query("SELECT 1 FROM tb_report WHERE file_url = $1 AND status = 'open' LIMIT 1", url).empty();
  });
}

/// $2: unsent before, $3: begun before.
#define UNUSED_FILES " AND unsent_since < CASE stage WHEN 'uploading' THEN $3::timestamptz ELSE $2::timestamptz END"

/// Whoever sends a file locks its row. So the rows are locked first, past those that are being sent, and looked at
/// behind the locks, by statements that see what was committed before.
result<std::vector<file_id>> postgres_records::take_unused_files(const unused_files& which) {
  return record("taking unused files", [&]() -> result<std::vector<file_id>> {
    postgres_array<uuid> locked;
    const auto candidates = connection_.query("SELECT file_id FROM tb_file WHERE unsent_since < $1" UNUSED_FILES
                                              " ORDER BY unsent_since LIMIT $4 FOR UPDATE SKIP LOCKED",
                                              std::max(which.unsent_before, which.begun_before), which.unsent_before,
                                              which.begun_before, which.limit);
    for (const auto& row : candidates) locked.add(row.id(0));
    if (locked.empty()) return std::vector<file_id>();
    // A picture may be changed without a word to this table: looked at again.
    connection_.query(
        "UPDATE tb_file f SET unsent_since = $2 WHERE f.file_id = ANY($1) AND (f.stage = 'stored'"
        " AND (EXISTS (SELECT 1 FROM tb_messages m WHERE m.file_url = f.file_url)"
        " OR EXISTS (SELECT 1 FROM tb_users u WHERE u.user_id = f.user_id AND u.img_url = f.file_url))"
        " OR f.stage <> 'uploading'"
        " AND EXISTS (SELECT 1 FROM tb_report t WHERE t.file_url = f.file_url AND t.status = 'open'))",
        locked, which.now);
    std::vector<file_id> going;
    const auto unused =
        connection_.query("UPDATE tb_file SET stage = 'going', unsent_since = $4 WHERE file_id = ANY($1)" UNUSED_FILES
                          " RETURNING file_id",
                          locked, which.unsent_before, which.begun_before, which.now);
    for (const auto& row : unused) going.push_back(row.id<file_id>(0));
    return going;
  });
}

result<void> postgres_records::delete_files(std::span<const file_id> files) {
  return record("deleting files", [&]() -> result<void> {
    postgres_array<uuid> ids;
    for (const auto& file : files) ids.add(file);
    postgres_round_trip trip(connection_);
    trip.add("DELETE FROM tb_file_block WHERE file_id = ANY($1)", ids);
    trip.add("DELETE FROM tb_file WHERE file_id = ANY($1)", ids);
    trip.run();
    return {};
  });
}

result<std::string> postgres_records::keep_secret(std::string_view name, std::string_view fresh) {
  return record("keeping a secret", [&]() -> result<std::string> {
    connection_.query("INSERT INTO tb_secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, fresh);
    const auto rows = connection_.query("SELECT value FROM tb_secret WHERE name = $1", name);
    if (rows.empty()) return unavailable("a secret is missing");
    return std::string(rows[0].text(0));
  });
}

// --- Reading ---

result<std::optional<stored_file>> postgres_reader::file_for(user_id user, file_id file) {
  return read("reading a file", [&](postgres_connection& open) -> result<std::optional<stored_file>> {
    const auto rows = open.query(
        "SELECT f.file_id, f.user_id, f.name, f.content_type, f.size FROM tb_file f"
        " WHERE f.file_id = $2 AND f.stage = 'stored' AND (f.user_id = $1"
        " OR EXISTS (SELECT 1 FROM tb_messages m JOIN tb_user_room r ON r.room_id = m.room_id AND r.user_id = $1"
        " WHERE m.file_url = f.file_url)"
        " OR EXISTS (SELECT 1 FROM tb_users u WHERE u.user_id = f.user_id AND u.img_url = f.file_url))",
        user, file);
    return rows.empty() ? std::nullopt : std::optional(read_stored_file(rows[0]));
  });
}

result<own_files> postgres_reader::files_of(user_id owner, const page_request& range) {
  return read("reading one's own files", [&](postgres_connection& open) -> result<own_files> {
    const auto before = cursor_from_the_end(range);
    if (!before) return bad_request("cursor: not one of ours.");
    const auto rows = open.query(
        "SELECT file_id, user_id, name, content_type, size, created_at FROM tb_file"
        " WHERE user_id = $1 AND stage = 'stored' AND file_id < $2 ORDER BY file_id DESC LIMIT $3",
        owner, *before, static_cast<std::int64_t>(range.limit) + 1);
    std::vector<own_file> found;
    found.reserve(static_cast<std::size_t>(rows.size()));
    for (const auto& row : rows) found.push_back(read_own_file(row));
    const auto sum =
        open.query("SELECT coalesce(sum(size), 0)::bigint FROM tb_file WHERE user_id = $1 AND stage <> 'going'", owner);
    return own_files{page_of_files(std::move(found), range.limit), static_cast<std::uint64_t>(sum[0].integer(0))};
  });
}

result<std::string> postgres_reader::file_block(file_id file, std::uint32_t block) {
  return read("reading a file's block", [&](postgres_connection& open) -> result<std::string> {
    const auto rows = open.query("SELECT bytes FROM tb_file_block WHERE file_id = $1 AND block_no = $2", file, block);
    return rows.empty() ? std::string() : std::string(rows[0].text(0));
  });
}

}  // namespace parley
