// Reading the two tables of the log, from SQLite and from PostgreSQL.
#include "fault/stored_log.hpp"

#include <libpq-fe.h>
#include <sqlite3.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace parley::support {

stored_log log_in_sqlite(std::string file) {
  return [file = std::move(file)](const std::string& room_id) {
    sqlite3* db = nullptr;
    if (sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK)
      throw std::runtime_error("the store's file cannot be opened");
    sqlite3_stmt* rows = nullptr;
    constexpr const char* log =
        "SELECT seq, message_id, client_msg_id FROM tb_messages WHERE room_id = ?1 "
        "UNION ALL SELECT seq, '', '' FROM tb_room_event WHERE room_id = ?1 ORDER BY 1";
    (void)sqlite3_prepare_v2(db, log, -1, &rows, nullptr);  // null, and then without rows, where there is no such table
    sqlite3_bind_text(rows, 1, room_id.c_str(), -1, SQLITE_TRANSIENT);
    const auto text = [&](int column) {
      const auto* value = sqlite3_column_text(rows, column);
      return value == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(value));
    };
    std::vector<stored_row> stored;
    while (sqlite3_step(rows) == SQLITE_ROW) stored.push_back({sqlite3_column_int64(rows, 0), text(1), text(2)});
    sqlite3_finalize(rows);
    sqlite3_close(db);
    return stored;
  };
}

stored_log log_in_postgres(std::string url) {
  return [url = std::move(url)](const std::string& room_id) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), &PQfinish);
    const char* parameter = room_id.c_str();
    const std::unique_ptr<PGresult, decltype(&PQclear)> rows(
        PQexecParams(connection.get(),
                     "SELECT seq, message_id::text, client_msg_id FROM tb_messages WHERE room_id = $1::uuid"
                     " UNION ALL SELECT seq, '', '' FROM tb_room_event WHERE room_id = $1::uuid ORDER BY 1",
                     1, nullptr, &parameter, nullptr, nullptr, 0),
        &PQclear);
    if (PQresultStatus(rows.get()) != PGRES_TUPLES_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
    std::vector<stored_row> stored;
    stored.reserve(static_cast<std::size_t>(PQntuples(rows.get())));
    for (int row = 0; row < PQntuples(rows.get()); ++row) {
      stored.push_back(
          {std::atoll(PQgetvalue(rows.get(), row, 0)), PQgetvalue(rows.get(), row, 1), PQgetvalue(rows.get(), row, 2)});
    }
    return stored;
  };
}

}  // namespace parley::support
