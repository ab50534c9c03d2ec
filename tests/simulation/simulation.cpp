// One run: chaos for a while, then everything heals, and the checker judges.
#include "simulation/simulation.hpp"

#include <algorithm>

#include "simulation/run.hpp"

namespace parley::simulation {
namespace {

using std::chrono::milliseconds;
using testing::id_of;

constexpr int quarrels = 16;
constexpr int many_actions = 150;
constexpr int few_actions = 30;
constexpr int most_hushed_actions = 60;
constexpr int healing_rounds = 200;
/// After everything has healed: of what a node that was killed had not told, and of what somebody knows to be missing.
constexpr milliseconds patience_with_sweep{10'000};
constexpr milliseconds patience_with_news{4'000};

}  // namespace

run::run(std::uint64_t seed) : dice_(static_cast<std::mt19937::result_type>(seed)) {
  is_calm_ = seed % 10 == 0;
  is_rough_ = below(2) == 0;
  if (!is_calm_) choose_rates();
  store_.keeps_jobs_apart = below(2) == 0;
  if (store_.keeps_jobs_apart && !is_calm_) usual_rates_.busy_room = rate(4);
  store_.is_busy = [this](room_id room) { return is_busy(room); };
  store_.next_fate = [this] { return choose_fate(); };
  store_.while_waiting_for_locks = [this] { let_others_go_first(); };

  const int people = 3 + below(3);
  for (int i = 0; i < people; ++i) {
    members_.push_back(id_of<user_id>(static_cast<std::uint8_t>(i + 1)));
    store_.add_user(members_.back(), "somebody");
  }
  const int rooms = 1 + below(3);
  checkers_.resize(static_cast<std::size_t>(rooms));
  for (int i = 0; i < rooms; ++i) {
    rooms_.push_back(id_of<room_id>(static_cast<std::uint8_t>(100 + i)));
    store_.add_room(rooms_.back(), members_);
  }
  nodes_.resize(static_cast<std::size_t>(below(5) == 0 ? 1 : 2 + below(2)));
  if (nodes_.size() > 1 && below(5) > 0) choose_bus();
  choose_presence();
  for (auto& each : nodes_) start(each);
  const int devices = people + below(2);
  for (int i = 0; i < devices; ++i) {
    const auto room = static_cast<std::size_t>(i) % rooms_.size();
    const auto user = members_[static_cast<std::size_t>(i % people)];
    talkers_.emplace_back("t" + std::to_string(i), user, rooms_[room], checkers_[room]);
    if (settings_.has_presence) talkers_.back().watch({store_, members_});
    reconnect(talkers_.back());
  }
}

void run::start(node& which) {
  which = std::make_unique<simulated_node>(store_, settings_, ++started_, now_);
  set_faults(which->world());
}

/// What is said last nobody follows up: if it gets lost, no later event shows the hole.
void run::quarrel() {
  begin_trouble();
  const bool is_long = below(6) == 0;
  if (!is_long && below(2) == 0) soloist_ = &any(talkers_);
  for (int i = is_long ? many_actions : 1 + below(few_actions); i > 0; --i) act(false);
  soloist_ = nullptr;
  for (int i = below(most_hushed_actions); i > 0; --i) act(true);
  heal();
}

void run::act(bool is_hushed) {
  const int dice = is_hushed ? 40 + below(60) : below(100);
  auto& who = soloist_ != nullptr && dice < 40 ? *soloist_ : any(talkers_);
  if (dice < 25) {
    who.speak();
  } else if (dice < 32) {
    who.speak_by_rest(any(nodes_)->world());
  } else if (dice < 40 && !who.open().empty()) {
    who.say_again(std::next(who.open().begin(), below(static_cast<int>(who.open().size())))->first);
  } else if (dice < 75) {
    move(any(nodes_), 1 + below(30));
  } else if (dice < 82) {
    // Who waits for news of a hole does so for a time, which is over when nobody moves in it.
    const bool may_leap = !is_calm_ || !settings_.has_bus;
    pass_time(may_leap && one_in(6) ? milliseconds(settings_.idle_seconds * 1'000)
                                    : milliseconds(1 + below(may_leap ? 200 : 20)));
  } else if (dice < 92) {
    who.read(static_cast<std::size_t>(below(10)));
    if (who.is_stuck()) reconnect(who);
  } else if (dice < 96) {
    reconnect(who);
  }
  if (settings_.has_presence && one_in(60)) live_on();
  if (one_in(rates_.kill)) any(nodes_)->cut_off();
  trouble_store();
  bury_the_dead();
  if (settings_.has_bus) trouble_bus();
}

void run::move(node& which, int steps) {
  if (which->is_paused) return;
  moving_ = &which;
  if (settings_.has_bus && below(2) == 0) which->wake_reader();
  for (int i = 0; i < steps && which->world().step(dice_); ++i) {
  }
  moving_ = nullptr;
  note_registered(*which);
}

void run::pass_time(milliseconds by) {
  now_ += by;
  store_.now += by;
  redis_.now_ms += static_cast<std::uint64_t>(by.count());
  for (auto& each : nodes_) each->pass_time(by);
}

/// What was not read by now is lost.
void run::reconnect(talker& who) {
  const auto unread = static_cast<int>(who.unread());
  who.disconnect(unread == 0 ? 0 : static_cast<std::size_t>(below(unread + 1)));
  std::vector<simulated_node*> open;
  for (const auto& each : nodes_) {
    if (each->has_begun()) open.push_back(each.get());
  }
  if (open.empty()) return;  // it tries again
  who.connect(any(open)->world(), static_cast<std::uint32_t>(below(static_cast<int>(settings_.shards))));
  ++report_.reconnects;
}

void run::count_and_end(node& which) {
  report_.heard += which->world().counts.stream_batches_read_total.value();
  report_.behind += which->world().counts.rooms_found_behind_total.value();
  which.reset();
}

void run::read_everything() {
  for (auto& who : talkers_) {
    who.read(everything);
    who.watch_again();
    for (auto& each : nodes_) who.take_rest_results(each->world());
  }
}

void run::let_all_move() {
  for (auto& each : nodes_) {
    if (!each->is_paused) each->wake_reader();
    move(each, 1'000'000);
  }
  read_everything();
}

/// Until everything is acknowledged and everybody is live.
bool run::settle() {
  for (int round = 0; round < healing_rounds; ++round) {
    let_all_move();
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

/// Nobody speaks any more, and nobody connects anew: what some node has not told its clients the bus and the sweep must
/// bring.
bool run::await_everything() {
  const auto end = now_ + (settings_.sweep_seconds < practically_never ? patience_with_sweep : patience_with_news);
  for (;;) {
    let_all_move();
    const auto late = std::find_if(talkers_.begin(), talkers_.end(),
                                   [this](const talker& who) { return who.position() < store_.last_seq(who.room()); });
    if (late == talkers_.end()) return true;
    if (now_ >= end) {
      report_.fault += late->name() + " has not heard of event " + std::to_string(late->position() + 1) + " in time. ";
      return false;
    }
    pass_time(healing_step);
  }
}

/// No bus tells a node of the other's events: so at the end all are on one, and a last message makes it look.
void run::meet_on_one_node() {
  for (auto& who : talkers_) {
    who.disconnect(everything);
    who.connect(nodes_.front()->world(), 0);
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
  bool is_settled = true;
  for (int i = 0; i < quarrels && is_settled && report_.fault.empty(); ++i) {
    quarrel();
    is_settled = settle();
    if (is_settled && settings_.has_bus) await_everything();
  }
  if (is_settled && !settings_.has_bus) {
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
    if (settings_.has_presence) judge_presence();
  }
  is_over_ = true;
  for (const auto& who : talkers_) {
    report_.errors += who.errors().size();
    if (!who.out_of_order().empty())
      report_.fault += who.out_of_order() + " was acknowledged after what the same connection had sent later. ";
    report_.trace = (report_.trace ^ who.trace()) * 1099511628211ULL;
    if (is_calm_ && !who.errors().empty()) report_.fault += "an error without a cause: " + who.errors().front() + ". ";
  }
  report_.commits = store_.commits;
  others_move_ = true;  // from here on nobody does
  for (auto& each : nodes_) count_and_end(each);
  return report_;
}

report simulate(std::uint64_t seed) { return run(seed).result(); }

}  // namespace parley::simulation
