// Files on SQLite: uploads, who may see one, the sweep, and their blocks when they are kept in the database.
#include <algorithm>

#include "store/file_rows.hpp"
#include "store/sqlite_reader.hpp"
#include "store/sqlite_record_guard.hpp"

namespace parley {

// --- Writing ---

std::optional<account_flag> sqlite_records::lock_owner(user_id owner) {
  auto row = connection_.use("SELECT flagDelete FROM tb_users WHERE user_id = ?1");
  return row.bind(owner).step() ? parse_account_flag(row.text(0)) : std::nullopt;
}

std::uint64_t sqlite_records::bytes_of_others(user_id owner, file_id than) {
  auto row = connection_.use(
      "SELECT coalesce(sum(size), 0) FROM tb_file WHERE user_id = ?1 AND file_id <> ?2 AND stage <> 'going'");
  return row.bind(owner, than).step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

result<void> sqlite_records::begin_file(const new_file& file) {
  return record("beginning a file", [&]() -> result<void> {
    if (auto fits = check_new_bytes(*this, file.owner, file.id, file.announced_bytes, file.quota_bytes); !fits) {
      return fits;
    }
    auto held = connection_.use("SELECT count(*) FROM tb_file WHERE user_id = ?1");
    if (held.bind(file.owner).step() && held.integer(0) >= std::int64_t{limits_.files_per_user}) {
      return too_many_files(limits_.files_per_user);
    }
    const auto url = file_url_of(file.id, file.name);
    connection_
        .use(
            "INSERT INTO tb_file (file_id, user_id, name, file_url, content_type, size, stage, created_at,"
            " unsent_since) VALUES (?1, ?2, ?3, ?4, '', ?5, 'uploading', ?6, ?6)")
        .bind(file.id, file.owner, file.name, url, static_cast<std::int64_t>(file.announced_bytes), file.created_at)
        .run();
    return {};
  });
}

result<void> sqlite_records::write_file_block(file_id file, std::uint32_t block, std::string_view bytes) {
  return record("writing a file's block", [&]() -> result<void> {
    connection_
        .use(
            "INSERT INTO tb_file_block (file_id, block_no, bytes) SELECT ?1, ?2, ?3"
            " WHERE EXISTS (SELECT 1 FROM tb_file WHERE file_id = ?1 AND stage = 'uploading')")
        .bind(file, block, byte_view{bytes})
        .run();
    if (connection_.changes() == 0) return no_such_file();
    return {};
  });
}

result<void> sqlite_records::finish_file(const finished_file& file) {
  return record("finishing a file", [&]() -> result<void> {
    if (auto fits = check_new_bytes(*this, file.owner, file.id, file.size, file.quota_bytes); !fits) return fits;
    const auto url = file_url_of(file.id, file.name);
    connection_
        .use(
            "UPDATE tb_file SET stage = 'stored', name = ?2, file_url = ?3, content_type = ?4, size = ?5"
            " WHERE file_id = ?1 AND stage = 'uploading'")
        .bind(file.id, file.name, url, file.content_type, static_cast<std::int64_t>(file.size))
        .run();
    if (connection_.changes() == 0) return no_such_file();
    return {};
  });
}

result<bool> sqlite_records::withdraw_file(user_id owner, file_id file, std::string_view name, timestamp now) {
  return record("withdrawing a file", [&]() -> result<bool> {
    if (lock_owner(owner) != account_flag::active) return not_active();
    connection_
        .use(
            "UPDATE tb_file SET stage = 'going', unsent_since = ?4"
            " WHERE file_id = ?1 AND user_id = ?2 AND file_url = ?3 AND stage = 'stored'")
        .bind(file, owner, file_url_of(file, name), now)
        .run();
    if (connection_.changes() == 0) return no_such_file();
    auto report = connection_.use("SELECT 1 FROM tb_report WHERE file_url = ?1 AND status = 'open' LIMIT 1");
    return !report.bind(file_url_of(file, name)).step();
  });
}

result<std::vector<file_id>> sqlite_records::take_unused_files(const unused_files& which) {
  return record("taking unused files", [&]() -> result<std::vector<file_id>> {
    std::vector<std::pair<file_id, bool>> found;
    {
      auto row = connection_.use(
          "SELECT f.file_id, f.stage = 'stored' AND (EXISTS (SELECT 1 FROM tb_messages m WHERE m.file_url = f.file_url)"
          " OR EXISTS (SELECT 1 FROM tb_users u WHERE u.user_id = f.user_id AND u.img_url = f.file_url))"
          " OR f.stage <> 'uploading'"
          " AND EXISTS (SELECT 1 FROM tb_report t WHERE t.file_url = f.file_url AND t.status = 'open')"
          " FROM tb_file f WHERE f.unsent_since < ?1"
          " AND f.unsent_since < CASE f.stage WHEN 'uploading' THEN ?3 ELSE ?2 END ORDER BY f.unsent_since LIMIT ?4");
      row.bind(std::max(which.unsent_before, which.begun_before), which.unsent_before, which.begun_before, which.limit);
      while (row.step()) found.emplace_back(row.id<file_id>(0), row.integer(1) != 0);
    }
    std::vector<file_id> going;
    for (const auto& [file, is_used] : found) {
      if (is_used) {
        // A picture may be changed without a word to this table: looked at again.
        connection_.use("UPDATE tb_file SET unsent_since = ?2 WHERE file_id = ?1").bind(file, which.now).run();
      } else {
        connection_.use("UPDATE tb_file SET stage = 'going', unsent_since = ?2 WHERE file_id = ?1")
            .bind(file, which.now)
            .run();
        going.push_back(file);
      }
    }
    return going;
  });
}

result<void> sqlite_records::delete_files(std::span<const file_id> files) {
  return record("deleting files", [&]() -> result<void> {
    for (const auto& file : files) {
      connection_.use("DELETE FROM tb_file_block WHERE file_id = ?1").bind(file).run();
      connection_.use("DELETE FROM tb_file WHERE file_id = ?1").bind(file).run();
    }
    return {};
  });
}

result<std::string> sqlite_records::keep_secret(std::string_view name, std::string_view fresh) {
  return record("keeping a secret", [&]() -> result<std::string> {
    connection_.use("INSERT INTO tb_secret (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING")
        .bind(name, fresh)
        .run();
    auto row = connection_.use("SELECT value FROM tb_secret WHERE name = ?1");
    if (!row.bind(name).step()) return unavailable("a secret is missing");
    return std::string(row.text(0));
  });
}

// --- Reading ---

result<std::optional<stored_file>> sqlite_reader::file_for(user_id user, file_id file) {
  return guarded("reading a file", [&]() -> result<std::optional<stored_file>> {
    auto row = connection_.use(
        "SELECT f.file_id, f.user_id, f.name, f.content_type, f.size FROM tb_file f"
        " WHERE f.file_id = ?2 AND f.stage = 'stored' AND (f.user_id = ?1"
        " OR EXISTS (SELECT 1 FROM tb_messages m JOIN tb_user_room r ON r.room_id = m.room_id AND r.user_id = ?1"
        " WHERE m.file_url = f.file_url)"
        " OR EXISTS (SELECT 1 FROM tb_users u WHERE u.user_id = f.user_id AND u.img_url = f.file_url))");
    if (!row.bind(user, file).step()) return std::optional<stored_file>();
    return std::optional(read_stored_file(row));
  });
}

result<own_files> sqlite_reader::files_of(user_id owner, const page_request& range) {
  return guarded("reading one's own files", [&]() -> result<own_files> {
    const auto before = cursor_from_the_end(range);
    if (!before) return bad_request("cursor: not one of ours.");
    std::vector<own_file> found;
    {
      auto row = connection_.use(
          "SELECT file_id, user_id, name, content_type, size, created_at FROM tb_file"
          " WHERE user_id = ?1 AND stage = 'stored' AND file_id < ?2 ORDER BY file_id DESC LIMIT ?3");
      row.bind(owner, *before, static_cast<std::int64_t>(range.limit) + 1);
      while (row.step()) found.push_back(read_own_file(row));
    }
    auto sum = connection_.use("SELECT coalesce(sum(size), 0) FROM tb_file WHERE user_id = ?1 AND stage <> 'going'");
    const auto used = sum.bind(owner).step() ? static_cast<std::uint64_t>(sum.integer(0)) : 0;
    return own_files{page_of_files(std::move(found), range.limit), used};
  });
}

result<std::string> sqlite_reader::file_block(file_id file, std::uint32_t block) {
  return guarded("reading a file's block", [&]() -> result<std::string> {
    auto row = connection_.use("SELECT bytes FROM tb_file_block WHERE file_id = ?1 AND block_no = ?2");
    if (!row.bind(file, block).step()) return std::string();
    return std::string(row.bytes(0));
  });
}

}  // namespace parley
