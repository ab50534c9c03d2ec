// Rows to values for the readers, and the writes that the writer and its records share.
#pragma once

#include "parley/database.hpp"
#include "store/append_plan.hpp"
#include "store/row_values.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

void write_log_row(sqlite_connection& connection, const log_row& row);
/// The membership and its read marker.
void write_membership(sqlite_connection& connection, const insert_membership& membership);
void write_audit_row(sqlite_connection& connection, const audit_record& what);

}  // namespace parley
