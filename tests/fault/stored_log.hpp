// A room's log as the store's own tables hold it, read behind the server's back when all is over.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace parley::support {

struct stored_row {
  std::int64_t seq = 0;
  std::string message;  ///< Empty for an event that is no message.
  std::string key;      ///< Its client_msg_id.
};

/// By the room's id, in order of seq. Throws std::runtime_error when the store cannot be opened.
using stored_log = std::function<std::vector<stored_row>(const std::string& room_id)>;

/// A file without the tables is an empty log.
stored_log log_in_sqlite(std::string file);
stored_log log_in_postgres(std::string url);

}  // namespace parley::support
