// What PostgreSQL refuses or does not answer, as one exception and the errors it becomes.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "parley/error.hpp"

namespace parley {

/// Like a library's exception it never leaves src/store: every function of a port is wrapped by `guard_postgres`.
class postgres_error : public std::runtime_error {
 public:
  /// `sqlstate` has five characters (PostgreSQL's Appendix A), or none when the connection itself has failed.
  postgres_error(std::string sqlstate, const std::string& message)
      : std::runtime_error(message), sqlstate_(std::move(sqlstate)) {}

  [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }
  /// No answer: what was sent may have taken effect or not.
  [[nodiscard]] bool is_connection_lost() const { return sqlstate_.empty(); }
  /// A value that contradicts what is stored (class 23): an everyday answer, unlike all others.
  [[nodiscard]] bool is_constraint() const { return is_of_class("23"); }
  /// One statement is at fault, by its values or by what a trigger or an index of the operator's makes of them: the
  /// same transaction without it may work. All but the states that tell of the server, the session or another
  /// transaction.
  [[nodiscard]] bool is_statements_fault() const;
  /// Somebody else has what it needs.
  [[nodiscard]] bool is_lock_time_out() const { return sqlstate_ == "55P03"; }
  /// It took longer than it may, or waited longer for a lock: the transaction may go on without it.
  [[nodiscard]] bool is_time_out() const { return is_lock_time_out() || sqlstate_ == "57014"; }
  [[nodiscard]] bool is_disk_full() const { return sqlstate_ == "53100"; }
  [[nodiscard]] bool is_forbidden() const { return sqlstate_ == "42501"; }
  /// It is not there, or we may not use it.
  [[nodiscard]] bool is_function_missing() const { return sqlstate_ == "42883" || is_forbidden(); }
  /// Chosen to give way to another transaction: the same again may work.
  [[nodiscard]] bool is_worth_repeating() const { return sqlstate_ == "40P01" || sqlstate_ == "40001"; }

 private:
  [[nodiscard]] bool is_of_class(std::string_view two) const { return sqlstate_.starts_with(two); }

  std::string sqlstate_;
};

/// The commit is there, but not on the synchronous standby that it must wait for: to say or show it now would be a lie.
class standby_is_missing : public postgres_error {
 public:
  standby_is_missing() : postgres_error("", "a commit waits for a synchronous standby") {}
};

/// The one table from PostgreSQL's states to Parley's errors. No message of the server's goes to a client.
error to_error(const postgres_error& fault);

void log_postgres_fault(std::string_view what, const std::string& message);

/// Runs the body of a port's function; exceptions become errors here and nowhere else.
template <class Body>
std::invoke_result_t<Body> guard_postgres(std::string_view what, Body&& body) {
  try {
    return body();
  } catch (const postgres_error& fault) {
    if (!fault.is_constraint()) log_postgres_fault(what, fault.what());
    return to_error(fault);
  } catch (const std::exception& fault) {
    log_postgres_fault(what, fault.what());
    return make_error(error_code::internal, "The store failed.");
  }
}

}  // namespace parley
