// The operator's way to what parleyctl manages: a running node's admin socket, or the store itself.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "parley/config.hpp"
#include "parley/error.hpp"

namespace parley {

struct operator_reply {
  unsigned status = 0;
  std::string body;  ///< JSON; empty for 204.
};

/// Blocks; for one thread.
class operator_client {
 public:
  virtual ~operator_client() = default;
  /// `method` in capitals, `target` under /api/v1/admin. Errors: the way is broken; whatever was answered is a reply.
  virtual result<operator_reply> request(std::string_view method, const std::string& target,
                                         const std::string& body) = 0;
};

/// The node's admin socket when somebody listens there, else the store, which is migrated if need be. `needs_node`:
/// the store alone does not do.
result<std::unique_ptr<operator_client>> connect_operator(const config& settings, bool needs_node);

}  // namespace parley
