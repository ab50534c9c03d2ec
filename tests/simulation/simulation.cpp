// One run: chaos for a while, then everything heals, and the checker judges.
#include "simulation/simulation.hpp"

#include <random>
#include <stdexcept>

#include "simulation/simulated_store.hpp"
#include "simulation/talker.hpp"

namespace parley::simulation {
namespace {

using std::chrono::milliseconds;
using testing::actor_world;
using testing::id_of;

constexpr std::uint32_t shards = 2;
constexpr std::uint32_t idle_seconds = 2;
constexpr int actions = 250;
constexpr int healing_rounds = 200;
constexpr milliseconds healing_step{100};
constexpr std::size_t everything = static_cast<std::size_t>(-1);

class run {
 public:
  explicit run(std::uint64_t seed);
  report result();

 private:
  struct node {
    std::unique_ptr<simulated_database> database;
    std::unique_ptr<actor_world> world;
  };
  /// How often things go wrong: one in so many, or never.
  struct rates {
    int refused = 0, answer_lost = 0, crash_unsynced = 0, death_in_commit = 0, exception = 0, kill = 0, outage = 0;
  };

  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(dice_); }
  bool one_in(int rate) { return rate > 0 && below(rate) == 0; }
  template <class T>
  T& any(std::vector<T>& of) {
    return of[static_cast<std::size_t>(below(static_cast<int>(of.size())))];
  }

  void choose_rates();
  void start(node& which);
  void set_faults(actor_world& world);
  commit_fate choose_fate();
  void let_others_go_first();

  void act();
  void move(node& which, int steps);
  void pass_time(milliseconds by);
  void reconnect(talker& who);
  void kill(node& which);
  void bury_the_dead();
  void read_everything();

  void heal();
  bool settle();
  void meet_on_one_node();
  void judge();

  std::mt19937 dice_;
  bool is_calm_ = false;
  rates rates_;
  simulated_store store_;
  std::vector<room_id> rooms_;
  std::vector<support::checker> checkers_;  ///< One for each room.
  std::vector<talker> talkers_;
  std::vector<node> nodes_;
  std::vector<std::unique_ptr<simulated_database>> gone_;  ///< Their actors may still hold them.
  node* moving_ = nullptr;
  bool others_move_ = false;
  int outage_ = 0;
  std::uint16_t worlds_ = 0;
  report report_;
};

run::run(std::uint64_t seed) : dice_(static_cast<std::mt19937::result_type>(seed)) {
  is_calm_ = seed % 10 == 0;
  if (!is_calm_) choose_rates();
  store_.keeps_jobs_apart = below(2) == 0;
  store_.next_fate = [this] { return choose_fate(); };
  store_.while_waiting_for_locks = [this] { let_others_go_first(); };

  const int people = 3 + below(3);
  std::vector<user_id> members;
  for (int i = 0; i < people; ++i) {
    members.push_back(id_of<user_id>(static_cast<std::uint8_t>(i + 1)));
    store_.add_user(members.back(), "somebody");
  }
  const int rooms = 1 + below(2);
  checkers_.resize(static_cast<std::size_t>(rooms));
  for (int i = 0; i < rooms; ++i) {
    rooms_.push_back(id_of<room_id>(static_cast<std::uint8_t>(100 + i)));
    store_.add_room(rooms_.back(), members);
  }
  nodes_.resize(below(2) == 0 ? 1 : 2);
  for (auto& each : nodes_) start(each);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto room = i % rooms_.size();
    talkers_.emplace_back("t" + std::to_string(i), members[i], rooms_[room], checkers_[room]);
    reconnect(talkers_.back());
  }
}

void run::choose_rates() {
  const auto rate = [this](int usual) { return below(2) == 0 ? 0 : usual; };
  rates_ = {rate(12), rate(12), rate(20), rate(40), rate(60), rate(60), rate(60)};
}

void run::start(node& which) {
  which.database = std::make_unique<simulated_database>(store_);
  which.world = std::make_unique<actor_world>(shards, which.database.get());
  auto& world = *which.world;
  world.ids.set_source(++worlds_);
  world.settings.room.idle_seconds = idle_seconds;
  world.settings.replay.ring_events = 8;  // so that much is read from the store
  set_faults(world);
}

void run::set_faults(actor_world& world) {
  const auto fail = [this] {
    if (one_in(rates_.exception)) throw std::runtime_error("a part fails");
  };
  auto& faults = world.services->faults;
  faults.on_post = [fail](room_id) { fail(); };
  faults.before_release = [fail](room_id) { fail(); };
  faults.before_commit = [fail](std::span<const append_command>) { fail(); };
  faults.after_commit = [fail](std::span<const append_command>) { fail(); };
}

commit_fate run::choose_fate() {
  if (one_in(rates_.death_in_commit) && moving_ != nullptr) {
    moving_->database->cut_off();
    return below(2) == 0 ? commit_fate::stored : commit_fate::refused;
  }
  if (one_in(rates_.refused)) return commit_fate::refused;
  if (one_in(rates_.answer_lost)) return commit_fate::answer_lost;
  if (one_in(rates_.crash_unsynced)) return commit_fate::crash_unsynced;
  return commit_fate::stored;
}

/// Another node has the lock first.
void run::let_others_go_first() {
  if (others_move_ || nodes_.size() < 2 || below(3) != 0) return;
  others_move_ = true;
  auto* const waiting = moving_;
  for (auto& each : nodes_) {
    if (&each != waiting) move(each, 1 + below(40));
  }
  moving_ = waiting;
  others_move_ = false;
}

void run::act() {
  auto& who = any(talkers_);
  const int dice = below(100);
  if (dice < 25) {
    who.speak();
  } else if (dice < 32) {
    who.speak_by_rest(*any(nodes_).world);
  } else if (dice < 40 && !who.open().empty()) {
    who.say_again(std::next(who.open().begin(), below(static_cast<int>(who.open().size())))->first);
  } else if (dice < 75) {
    move(any(nodes_), 1 + below(30));
  } else if (dice < 82) {
    pass_time(one_in(6) ? milliseconds(idle_seconds * 1'000) : milliseconds(1 + below(200)));
  } else if (dice < 92) {
    who.read(static_cast<std::size_t>(below(10)));
    if (who.is_stuck()) reconnect(who);
  } else if (dice < 96) {
    reconnect(who);
  }
  if (one_in(rates_.kill)) any(nodes_).database->cut_off();
  if (outage_ > 0 && --outage_ == 0) store_.is_up = store_.reads_work = true;
  if (outage_ == 0 && one_in(rates_.outage)) {
    outage_ = 1 + below(20);
    (below(2) == 0 ? store_.is_up : store_.reads_work) = false;
  }
  bury_the_dead();
}

void run::move(node& which, int steps) {
  moving_ = &which;
  for (int i = 0; i < steps && which.world->step(dice_); ++i) {
  }
  moving_ = nullptr;
}

void run::pass_time(milliseconds by) {
  for (auto& each : nodes_) {
    each.world->time.advance(by);
    each.world->scheduler->clock().advance_time(by);
  }
}

/// What was not read by now is lost.
void run::reconnect(talker& who) {
  const auto unread = static_cast<int>(who.unread());
  who.disconnect(unread == 0 ? 0 : static_cast<std::size_t>(below(unread + 1)));
  who.connect(*any(nodes_).world, static_cast<std::uint32_t>(below(shards)));
  ++report_.reconnects;
}

void run::bury_the_dead() {
  for (auto& each : nodes_) {
    if (each.database->is_cut_off()) kill(each);
  }
}

/// Its clients have read some of what it had sent, and the store has what it has.
void run::kill(node& which) {
  ++report_.kills;
  std::vector<talker*> cut;
  for (auto& who : talkers_) {
    who.forget_rest_answers();
    if (who.node() != which.world.get()) continue;
    const auto unread = static_cast<int>(who.unread());
    who.lose_connection(unread == 0 ? 0 : static_cast<std::size_t>(below(unread + 1)));
    cut.push_back(&who);
  }
  which.world.reset();
  start(which);
  for (auto* who : cut) reconnect(*who);
}

void run::read_everything() {
  for (auto& who : talkers_) {
    who.read(everything);
    for (auto& each : nodes_) who.take_rest_results(*each.world);
  }
}

void run::heal() {
  rates_ = {};
  store_.is_up = store_.reads_work = true;
  bury_the_dead();
}

/// Until everything is acknowledged and everybody is live.
bool run::settle() {
  for (int round = 0; round < healing_rounds; ++round) {
    for (auto& each : nodes_) move(each, 1'000'000);
    read_everything();
    bool is_settled = true;
    for (auto& who : talkers_) {
      if (who.is_stuck()) reconnect(who);
      is_settled = is_settled && who.is_live() && who.open().empty();
      const auto open = who.open();
      for (const auto& [key, is_awaited] : open) {
        if (!is_awaited) who.say_again(key);
      }
    }
    if (is_settled) return true;
    pass_time(healing_step);
  }
  return false;
}

/// No bus tells a node of the other's events: so at the end all are on one, and a last message makes it look.
void run::meet_on_one_node() {
  for (auto& who : talkers_) {
    who.disconnect(everything);
    who.connect(*nodes_.front().world, 0);
  }
}

void run::judge() {
  for (std::size_t i = 0; i < rooms_.size(); ++i) {
    auto& checks = checkers_[i];
    for (const auto& who : talkers_) {
      if (who.room() == rooms_[i]) checks.complete(who.name());
    }
    for (const auto& event : store_.log(rooms_[i])) {
      const auto* posted = std::get_if<message_posted>(&event.body);
      const auto key = posted != nullptr ? posted->content.value_or("") : "";
      checks.stored(event.seq, key, key);
    }
    const auto verdict = checks.check();
    report_.acknowledged += verdict.acknowledged;
    if (!verdict.kept()) report_.fault += "room " + std::to_string(i) + ": " + to_string(verdict) + ". ";
  }
}

report run::result() {
  for (int i = 0; i < actions; ++i) act();
  heal();
  bool is_settled = settle();
  if (is_settled) {
    meet_on_one_node();
    is_settled = settle();
    for (auto& who : talkers_) who.speak();
    is_settled = settle() && is_settled;
  }
  if (!is_settled) {
    for (const auto& who : talkers_) {
      if (!who.is_live()) report_.fault += who.name() + " never became live again. ";
      if (!who.open().empty()) report_.fault += who.open().begin()->first + " was never acknowledged. ";
    }
  } else {
    judge();
  }
  for (const auto& who : talkers_) {
    report_.errors += who.errors().size();
    if (!who.out_of_order().empty())
      report_.fault += who.out_of_order() + " was acknowledged after what the same connection had sent later. ";
    report_.trace = (report_.trace ^ who.trace()) * 1099511628211ULL;
    if (is_calm_ && !who.errors().empty()) report_.fault += "an error without a cause: " + who.errors().front() + ". ";
  }
  report_.commits = store_.commits;
  return report_;
}

}  // namespace

report simulate(std::uint64_t seed) { return run(seed).result(); }

}  // namespace parley::simulation
