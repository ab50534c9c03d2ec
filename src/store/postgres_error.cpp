// From PostgreSQL's states to Parley's errors.
#include "store/postgres_error.hpp"

#include "parley/log.hpp"

namespace parley {

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
