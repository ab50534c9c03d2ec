// From PostgreSQL's states to Parley's errors.
#include "store/postgres_error.hpp"

#include <algorithm>
#include <array>

#include "parley/log.hpp"

namespace parley {

bool postgres_error::is_statements_fault() const {
  if (is_connection_lost() || is_time_out()) return false;
  // Of the connection, the transaction's own state, giving way, resources, an operator's orders, the system, and faults
  // inside the server.
  constexpr std::array others{"08", "25", "40", "53", "57", "58", "XX"};
  return std::none_of(others.begin(), others.end(), [this](const char* two) { return is_of_class(two); });
}

error to_error(const postgres_error& fault) {
  if (fault.sqlstate() == "23505") return make_error(error_code::conflict, "It contradicts what is stored already.");
  if (fault.sqlstate() == "23503") return not_found("It refers to something that does not exist.");
  if (fault.is_statements_fault()) return make_error(error_code::internal, "The store refused a value.");
  return unavailable("The store is not available.");
}

void log_postgres_fault(std::string_view what, const std::string& message) {
  log::error("postgres", "store_fault", "{} failed: {}", what, message);
}

}  // namespace parley
