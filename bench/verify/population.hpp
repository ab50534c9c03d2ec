// The users, devices and rooms of a run, made by REST as anybody would.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rest.hpp"
#include "verify/client.hpp"

namespace parley::bench {

struct population {
  std::vector<client::identity> clients;
  std::vector<int> sibling;  ///< By client: the other device of its user, -1 for none.
  std::vector<std::string> room_ids;
  std::vector<std::string> user_ids;
};

/// Registers, logs in and makes rooms over all nodes. Throws std::runtime_error when a call fails.
population populate(const verify_options& options, const std::vector<support::target>& nodes);

/// The durable events of a room as that node tells them. Throws std::runtime_error when a call fails.
room_log read_log(const support::target& node, const std::string& token, const std::string& room_id);
/// Of those users, as that node tells it: who is on. Throws std::runtime_error when a call fails.
std::map<std::string, bool> read_presence(const support::target& node, const std::string& token,
                                          const std::vector<std::string>& user_ids);
/// The seq of the room's last event.
std::int64_t read_end(const support::target& node, const std::string& token, const std::string& room_id);

}  // namespace parley::bench
