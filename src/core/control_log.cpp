// Which partition of the control log a user's events stand in.
#include "parley/control_log.hpp"

namespace parley {

/// Ids of users are random in their last bytes, whoever made them.
std::size_t control_partition_of(const user_id& user) { return user.bytes.back() % control_partitions; }

}  // namespace parley
