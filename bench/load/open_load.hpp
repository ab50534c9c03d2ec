// An open loop: messages go out by a schedule, whether or not the server keeps up, and each latency counts from the
// moment when its message was due, so that what waits behind a stall counts as waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "across/schedule.hpp"
#include "across/wire_loop.hpp"
#include "load/figures.hpp"
#include "load/server_watch.hpp"

namespace parley::bench {

/// Rooms with as many members each, made by REST as anybody would.
struct load_world {
  struct room {
    std::string id;
    std::vector<std::string> tokens;  ///< A member's each.
  };
  std::vector<room> rooms;
  std::size_t members = 0;
};

/// Shows on standard error how far it is. Throws std::runtime_error when a call fails.
load_world make_load_world(const support::target& node, std::size_t rooms, std::size_t members);

/// All clients of the world on one thread.
class open_load {
 public:
  using second_handler = std::function<void(const load_second&)>;

  /// `world` outlives it. `on_second` is told the course while it runs.
  open_load(const load_world& world, std::size_t content_size, second_handler on_second);

  /// Throws std::runtime_error when somebody cannot.
  void connect(const support::target& node);
  /// Runs the schedule, and waits until each message has an answer and is with everybody, or until that is no longer to
  /// be expected.
  load_figures run(double rate, double warm_up_seconds, double seconds, const server_watch& server);

 private:
  [[nodiscard]] std::size_t client_of(std::size_t room, std::size_t member) const {
    return room * world_.members + member;
  }
  [[nodiscard]] bool is_measured(std::uint64_t number) const;
  [[nodiscard]] bool is_over() const;
  void send_due();
  void send(std::size_t number);
  void on_frame(std::size_t client, std::string_view frame);
  void on_delivery(std::string_view frame);
  void on_ack(std::string_view frame);
  void on_refusal(std::string_view frame);
  void end_second(const server_watch& server);

  const load_world& world_;
  std::size_t content_size_;
  second_handler on_second_;
  std::string run_;  ///< Begins each message's key.
  wire_loop loop_;
  std::size_t ready_ = 0;
  std::vector<seq_watch> seen_;     ///< By client.
  std::uint64_t first_number_ = 0;  ///< Messages are numbered over all runs.

  // Of the run under way.
  send_schedule schedule_{1, 0, 0, 0};
  load_figures figures_;
  std::size_t sent_ = 0;
  std::uint64_t answered_ = 0, due_deliveries_ = 0, delivered_ = 0;
  load_second second_;
  latency_histogram in_second_;
  std::optional<server_usage> usage_before_;
  std::int64_t second_began_ns_ = 0;
};

}  // namespace parley::bench
