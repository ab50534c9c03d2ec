// The faults of a run: which, when, to whom, and until when, all chosen by the seed.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "verify/history.hpp"
#include "verify/options.hpp"
#include "verify/world.hpp"

namespace parley::bench {

/// What the faults' thread tells the load, in order.
struct fault_event {
  enum class phase { begins, healed, failed };
  phase what = phase::begins;
  int number = 0;  ///< The faults are counted.
  std::string text;
  int stopping_node = -1;  ///< begins: a node that is asked to stop in good order.
  std::optional<broken> wrong;
};

/// Works on a thread of its own, since servers take their time to start. That thread lives as long as this, because
/// what it started ends with it.
class fault_runner {
 public:
  /// `own` is null for a cluster that somebody else started.
  fault_runner(const verify_options& options, world* own);
  ~fault_runner();
  fault_runner(const fault_runner&) = delete;
  fault_runner& operator=(const fault_runner&) = delete;

  void start() { is_started_ = true; }
  /// No more faults; those under way are healed at once.
  void finish() { is_finishing_ = true; }
  /// After finish(): all are healed.
  [[nodiscard]] bool is_over() const { return is_over_; }
  std::vector<fault_event> take_events();

 private:
  using clock = std::chrono::steady_clock;
  struct running {
    fault_spec spec;
    clock::time_point next;
    bool is_active = false;
    clock::time_point heals;
    int number = 0;
    std::vector<std::size_t> victims;  ///< Nodes.
    std::size_t redis = 0;             ///< Whichever of them it concerns.
    std::size_t turn = 0;
  };

  void run();
  void step(clock::time_point now);
  bool choose_victims(running& fault);
  void begin(running& fault, clock::time_point now);
  void heal(running& fault);
  void harm(running& fault);
  void mend(running& fault);
  void kill_all_of(const running& fault);
  /// Its names are those of --help; with several Redis also which one.
  [[nodiscard]] std::string name_of(const running& fault) const;
  void tell(fault_event event);
  [[nodiscard]] bool holds_redis(fault_kind kind) const;
  [[nodiscard]] bool holds_postgres(fault_kind kind) const;
  std::chrono::milliseconds about(std::chrono::milliseconds time);

  world* own_;
  std::size_t node_count_;
  std::mt19937_64 random_;
  std::vector<running> faults_;
  std::vector<bool> busy_nodes_;
  bool redis_is_busy_ = false;
  bool postgres_is_busy_ = false;
  int count_ = 0;
  std::atomic<bool> is_started_{false};
  std::atomic<bool> is_finishing_{false};
  std::atomic<bool> is_over_{false};
  std::atomic<bool> ends_{false};
  std::mutex mutex_;
  std::vector<fault_event> events_;
  std::thread thread_;
};

}  // namespace parley::bench
