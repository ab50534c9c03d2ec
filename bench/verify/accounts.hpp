// Accounts and rooms for a run, made by REST as anybody would.
#pragma once

#include <string>
#include <vector>

#include "support/client_socket.hpp"

namespace parley::bench {

/// So that runs against one cluster do not meet.
std::string run_name();

struct account {
  std::string username, password, id;
};

// Each throws std::runtime_error when the call fails, or has no answer.
account register_account(const support::target& node, const std::string& username);
/// A token.
std::string log_in(const support::target& node, const account& who);
/// A token of a moderator, who is made by a node's admin socket and logs in at `node`.
std::string log_in_moderator(const std::string& admin_socket, const support::target& node);
/// Its id. Who makes it is a member.
std::string make_room(const support::target& node, const std::string& token, const std::string& name,
                      const std::vector<std::string>& member_ids);

}  // namespace parley::bench
