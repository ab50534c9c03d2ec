// The clients of `parley-bench mixed` in one loop, and threads that read histories by REST.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "across/schedule.hpp"
#include "across/wire_loop.hpp"
#include "load/figures.hpp"
#include "load/mixed.hpp"
#include "load/world.hpp"
#include "report/report.hpp"
#include "verify/position.hpp"

namespace parley::bench {

enum class operation : std::uint8_t { send, react, type, read, come_back, history };
constexpr std::size_t operations = 6;

/// Which of the operations by WebSocket a number from 0 to 99 means: half of them are messages, and 2 in 100 are
/// clients that come back.
operation operation_of(std::uint64_t percent);

/// Planned, late and delayed are operations by WebSocket: a history begins late where the reader still waits for the
/// one before, which is not the tool's own limit.
struct mixed_figures : load_figures {
  /// Of each operation, from when it was due to its answer; of one that comes back, until everything it missed is
  /// there.
  std::array<latency_histogram, operations> times;
  std::optional<double> cpu_seconds;
};

/// Rooms have the same share, however large: as there are small ones, so much is in small ones.
std::size_t member_of_some_room(const load_world& world, std::mt19937_64& random);

/// Used from one thread.
class mixed_load {
 public:
  /// `world` outlives it. Connects everybody; throws std::runtime_error when somebody cannot.
  mixed_load(const support::target& node, const load_world& world, const mixed_options& options,
             load_course::part_handler on_part);

  mixed_figures run(const server_watch& server);

 private:
  enum class stage : std::uint8_t { connecting, live, resuming, replaying };
  struct participant {
    stage at = stage::connecting;
    bool is_known = false;   ///< It was live before.
    room_position position;  ///< In its room.
    std::size_t unanswered = 0;
    std::size_t back_number = 0;  ///< Of the operation that brings it back.
  };
  struct conversation {
    std::string message_id;  ///< The last one's.
    std::uint64_t end = 0;   ///< The last acknowledged seq.
  };
  [[nodiscard]] bool is_measured(std::size_t number) const { return number >= schedule_.first_measured(); }
  [[nodiscard]] bool is_over() const;
  void begin_due();
  void begin(std::size_t number);
  /// Who is live; and with no operation under way, when that is asked for. Nobody when none is found soon.
  std::optional<std::size_t> somebody(bool is_quiet);
  void send(std::size_t number, std::size_t client, operation what);
  void come_back(std::size_t number, std::size_t client);
  void resume(std::size_t client);
  void note_answer(std::size_t number);
  void on_frame(std::size_t client, std::string_view frame);
  void on_ready(std::size_t client, std::string_view frame);
  void on_ack(std::size_t client, std::string_view frame);
  void on_error(std::size_t client, std::string_view frame);
  void on_event(std::size_t client, std::string_view frame, bool is_message);
  void on_replay_end(std::size_t client, std::string_view frame);
  void see(const order_step& step);
  latency_histogram read_histories(std::int64_t begin_ns, std::size_t reader) const;
  void judge();

  support::target node_;
  const load_world& world_;
  mixed_options options_;
  load_course course_;
  std::mt19937_64 random_;
  std::vector<participant> clients_;
  std::vector<conversation> rooms_;
  std::size_t ready_ = 0;
  send_schedule schedule_{1, 0, 0, 0};
  std::size_t begun_ = 0;
  std::vector<operation> begun_as_;  ///< By number.
  std::uint64_t answered_ = 0;
  mixed_figures figures_;

  wire_loop loop_;
};

}  // namespace parley::bench
