// How a record's function turns exceptions into errors, shared by the two files that implement them.
#pragma once

#include "store/sqlite_records.hpp"

namespace parley {

template <class Body>
std::invoke_result_t<Body> sqlite_records::record(std::string_view what, Body&& body) {
  return guarded(what, [&] {
    try {
      return body();
    } catch (const sqlite_error& fault) {
      if (!fault.is_statements_fault()) transaction_fault_ = to_error(fault);
      throw;
    }
  });
}

}  // namespace parley
