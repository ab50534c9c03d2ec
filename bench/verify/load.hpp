// All clients in one epoll loop, the pace of what they do, and the time that each fault takes to be got over.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "verify/client.hpp"
#include "verify/faults.hpp"
#include "verify/population.hpp"
#include "verify/world.hpp"

namespace parley::bench {

/// One fault as the clients felt it.
struct fault_record {
  int number = 0;
  std::string text;
  double began = 0;
  double healed = -1;
  double recovered = -1;            ///< When everybody was connected and had everything.
  bool is_late = false;             ///< Told as a violation.
  std::vector<int> quiet_rooms;     ///< In which nobody says anything until then,
  std::vector<std::int64_t> marks;  ///< and by room what the others must reach: its end when the fault was healed.
};

class load {
 public:
  load(const verify_options& options, load_state& state, population people, fault_runner& faults);
  ~load();
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  /// Connects everybody. Throws std::runtime_error when that does not work before any fault.
  void begin();
  /// Sends for so long, while there are faults.
  void run(double seconds);
  /// Heals what is not healed, and waits on nothing but conditions, and no longer than the bound, for every answer and
  /// for everybody to have everything; tells what is missing then.
  void settle();
  /// Nobody sends, but all are served.
  void go_on_while(const std::function<bool()>& unfinished) { step_while(unfinished, state_.now() + go_on_seconds); }
  /// That every node tells who is on; then half of the users go away, one node of `own` (null for a cluster that
  /// somebody else started) is killed with them, and all nodes and those who stay must learn of it by the TTL. The node
  /// is back at the end.
  void prove_presence(world* own);
  /// Reads the logs from every node and compares. Throws std::runtime_error when a node cannot be read.
  void judge();

  [[nodiscard]] const std::vector<fault_record>& faults() const { return records_; }
  /// From when they went away until presence was true; below 0: it was not, or not all that was to be.
  [[nodiscard]] double presence_seconds() const { return presence_seconds_; }

 private:
  static constexpr double go_on_seconds = 120;

  bool step_while(const std::function<bool()>& unfinished, double until);
  void step();
  void watch(client& each);
  void act();
  void take_fault_events();
  void begin_fault(const fault_event& event);
  void look_for_recoveries();
  [[nodiscard]] bool is_over(const fault_record& fault, const client** who, int* where_not) const;
  [[nodiscard]] bool is_quiet(int room) const;
  [[nodiscard]] bool has_everything(const client& each) const;
  [[nodiscard]] bool is_settled() const;
  void read_ends();
  void tell_what_is_missing();
  bool await_presence(const std::string& when, double seconds);
  [[nodiscard]] std::vector<violation> presence_differences(const std::string& when, std::size_t most) const;
  [[nodiscard]] std::vector<violation> differences_at_nodes(const std::string& when, const std::vector<char>& is_there,
                                                            std::size_t most) const;
  [[nodiscard]] std::string devices_of(int user) const;
  std::vector<int> choose_who_goes();
  int choose_who_dies(const std::vector<int>& leaving);
  void note(const std::string& text);

  const verify_options& options_;
  load_state& state_;
  population people_;
  fault_runner& runner_;
  std::vector<std::unique_ptr<client>> clients_;
  std::vector<int> watched_;      ///< By client: the number of the connection that epoll knows,
  std::vector<bool> is_writing_;  ///< and whether it also waits to write.
  int epoll_;
  double next_tick_ = 0;
  double next_act_ = 0;
  double next_leave_ = 0;
  double acts_until_ = 0;
  double calm_since_ = 0;  ///< When the last fault was healed.
  double next_look_ = 0;   ///< At who is on, by REST.
  double presence_seconds_ = -1;
  std::vector<fault_record> records_;
};

}  // namespace parley::bench
