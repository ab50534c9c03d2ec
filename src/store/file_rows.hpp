// The rules of an upload's place in the store, the same in every dialect.
#pragma once

#include <fmt/format.h>

#include "parley/database.hpp"
#include "parley/refusals.hpp"
#include "store/row_values.hpp"

namespace parley {

inline constexpr std::string_view of_itself =
    " Those that no message has, and uploads that broke off, go by themselves after a while.";

/// `Steps` has lock_owner and bytes_of_others. Behind the owner's lock, so that two uploads do not both find room.
template <class Steps>
result<void> check_new_bytes(Steps& steps, user_id owner, file_id file, std::uint64_t bytes, std::uint64_t quota) {
  if (steps.lock_owner(owner) != account_flag::active) {
    return not_active();
  }
  if (quota == 0 || steps.bytes_of_others(owner, file) + bytes <= quota) return {};
  return make_error(
      error_code::too_large,
      fmt::format("file: all your files together have at most {} bytes; delete old ones.{}", quota, of_itself));
}

/// However small they are: each is a row to be counted.
inline error too_many_files(std::uint32_t most) {
  return make_error(error_code::conflict,
                    fmt::format("file: at most {} files a user; delete old ones.{}", most, of_itself));
}

inline error no_such_file() { return not_found("file: there is no such file."); }

/// file_id, user_id, name, content_type, size
template <class Row>
stored_file read_stored_file(const Row& row) {
  return {row.template id<file_id>(0), row.template id<user_id>(1), std::string(row.text(2)), std::string(row.text(3)),
          static_cast<std::uint64_t>(row.integer(4))};
}

/// As read_stored_file, then created_at.
template <class Row>
own_file read_own_file(const Row& row) {
  return {read_stored_file(row), row.time(5)};
}

inline page<own_file> page_of_files(std::vector<own_file> items, std::uint32_t limit) {
  return page_of(std::move(items), limit, [](const own_file& last) { return to_string(last.file.id); });
}

}  // namespace parley
