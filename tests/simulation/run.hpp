// One run of the simulation: what there is, whose turn it is, and what goes wrong.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "simulation/simulated_node.hpp"
#include "simulation/simulated_redis.hpp"
#include "simulation/simulation.hpp"
#include "simulation/talker.hpp"

namespace parley::simulation {

/// Of lines to read.
inline constexpr std::size_t everything = static_cast<std::size_t>(-1);
inline constexpr std::chrono::milliseconds healing_step{100};
inline constexpr double practically_never = 3'600;  ///< In seconds.

/// Its course and its judgement stand in simulation.cpp, its faults in run_faults.cpp, presence in run_presence.cpp.
class run {
 public:
  explicit run(std::uint64_t seed);
  report result();

 private:
  /// How often things go wrong: one in so many, or never.
  struct rates {
    int refused = 0, answer_lost = 0, crash_unsynced = 0, death_in_commit = 0, exception = 0, kill = 0, outage = 0,
        busy_room = 0;
    int write_lost = 0, write_answer_lost = 0, read_lost = 0;
    int bus_flush = 0, bus_restart = 0, bus_unreadable = 0, bus_outage = 0, bus_cut = 0;
  };
  using node = std::unique_ptr<simulated_node>;
  using milliseconds = std::chrono::milliseconds;

  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(dice_); }
  bool one_in(int rate) { return rate > 0 && below(rate) == 0; }
  template <class T>
  T& any(std::vector<T>& of) {
    return of[static_cast<std::size_t>(below(static_cast<int>(of.size())))];
  }

  // Faults.
  int rate(int usual);
  void choose_rates();
  void choose_bus();
  void set_faults(testing::actor_world& world);
  commit_fate choose_fate();
  bool is_busy(room_id room);
  trip_fate choose_trip(bool is_read);
  void let_others_go_first();
  void trouble_store();
  void trouble_bus();
  void bury_the_dead();
  /// `for_good`: its clients stay away.
  void kill(node& which, bool for_good = false);
  void begin_trouble();
  void heal();

  // Its course.
  void start(node& which);
  void act(bool is_hushed);
  void quarrel();
  void move(node& which, int steps);
  void let_all_move();
  void pass_time(milliseconds by);
  void reconnect(talker& who);
  void count_and_end(node& which);
  void read_everything();

  // Who is on.
  void choose_presence();
  void live_on();
  void stop(simulated_node& which);
  void note_registered(simulated_node& which);
  void on_declared_off(user_id user);
  void judge_presence();
  [[nodiscard]] std::string presence_fault() const;

  // Its end.
  bool settle();
  bool await_everything();
  void meet_on_one_node();
  void judge();

  std::mt19937 dice_;
  bool is_calm_ = false;
  bool is_rough_ = false;
  bool has_trouble_ = true;  ///< Until it heals.
  bool is_over_ = false;     ///< The nodes end, and who was there goes.
  rates usual_rates_, rates_;
  node_settings settings_;
  milliseconds now_{0};
  simulated_store store_;
  simulated_redis redis_;
  std::vector<user_id> members_;
  std::vector<room_id> rooms_;
  std::vector<support::checker> checkers_;  ///< One for each room.
  std::vector<talker> talkers_;
  std::vector<node> nodes_;
  talker* soloist_ = nullptr;  ///< Nobody else speaks.
  node* moving_ = nullptr;
  bool others_move_ = false;
  std::map<room_id, milliseconds> busy_until_;  ///< Somebody else has them.
  int outage_ = 0;
  int bus_outage_ = 0;
  std::uint16_t started_ = 0;
  report report_;
};

}  // namespace parley::simulation
