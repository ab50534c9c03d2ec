// The rules of an upload's place in the store, the same in every dialect.
#pragma once

#include <fmt/format.h>

#include "parley/database.hpp"

namespace parley {

/// Whoever has sent nothing has no message to delete.
inline constexpr std::string_view of_itself =
    " Those that no message has, and uploads that broke off, go by themselves after a while.";

/// `Steps` has lock_owner and bytes_of_others. Behind the owner's lock, so that two uploads do not both find room.
template <class Steps>
result<void> check_new_bytes(Steps& steps, user_id owner, file_id file, std::uint64_t bytes, std::uint64_t quota) {
  if (steps.lock_owner(owner) != account_flag::active) {
    return make_error(error_code::unauthenticated, "Your account is not active.");
  }
  if (quota == 0 || steps.bytes_of_others(owner, file) + bytes <= quota) return {};
  return make_error(error_code::too_large,
                    fmt::format("file: all your files together have at most {} bytes; delete messages with old ones.{}",
                                quota, of_itself));
}

/// However small they are: each is a row to be counted.
inline error too_many_files(std::uint32_t most) {
  return make_error(error_code::conflict,
                    fmt::format("file: at most {} files a user; delete messages with old ones.{}", most, of_itself));
}

inline error no_such_file() { return not_found("file: there is no such file."); }

/// file_id, user_id, name, content_type, size
template <class Row>
stored_file read_stored_file(const Row& row) {
  return {row.template id<file_id>(0), row.template id<user_id>(1), std::string(row.text(2)), std::string(row.text(3)),
          static_cast<std::uint64_t>(row.integer(4))};
}

}  // namespace parley
