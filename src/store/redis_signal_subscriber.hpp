// Listening to the channels of one Redis, on a connection that does nothing else: while it is subscribed Redis takes no
// other commands on it.
#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "parley/signal_bus.hpp"
#include "store/record_bytes.hpp"
#include "store/redis_connection.hpp"
#include "store/redis_signal_bus.hpp"

namespace parley {

/// What is attended to, what the connection was told of it, and what differs between the two.
class redis_signal_subscriber final : public signal_subscriber {
 public:
  redis_signal_subscriber(const redis_signal_options& options, const uuid& node);

  void attend(const uuid& subject) override;
  void leave(const uuid& subject) override;
  result<heard_signals> listen(std::chrono::milliseconds patience) override;
  std::function<void()> waker() override;

 private:
  using steady_clock = std::chrono::steady_clock;
  class wake_up;

  heard_signals try_listen(std::chrono::milliseconds patience);
  void greet();
  void tell_changes();
  /// Each name is answered by itself.
  void tell(std::string_view command, const std::vector<std::string>& channels);
  /// Asks for what it has already: the answer shows that Redis is still there, and no command needs to be allowed for
  /// it.
  void check_pulse();
  void take(const redisReply& said, heard_signals& heard);
  void take_message(std::string_view channel, std::string_view message, heard_signals& heard);
  void note_unreadable(std::string_view channel, record_fault fault, heard_signals& heard);

  const uuid node_;
  const std::string node_text_;
  const std::uint32_t partitions_;
  const std::chrono::milliseconds answer_;
  redis_connection connection_;
  std::shared_ptr<wake_up> wake_up_;
  std::unordered_set<uuid> attended_;
  std::unordered_set<uuid> told_;           ///< As the connection has it when all answers have come.
  std::unordered_set<uuid> changed_;        ///< In which the two may differ.
  std::size_t owed_ = 0;                    ///< Answers that have not come yet.
  steady_clock::time_point waits_since_{};  ///< For the first of them, or for one more since the last came.
  steady_clock::time_point last_pulse_{};
  bool is_new_ = false;  ///< The connection's first answer has not come yet.
  std::size_t subjects_ = 0;
  steady_clock::time_point last_complaint_{};
};

}  // namespace parley
