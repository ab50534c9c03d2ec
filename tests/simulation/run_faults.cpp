// What goes wrong in a run, how often, and how it ends.
#include <stdexcept>

#include "simulation/run.hpp"

namespace parley::simulation {

/// Half of the runs have few kinds of trouble, and much of it: what one fault costs another one's cure would make good.
int run::rate(int usual) {
  if (is_rough_) return below(2) == 0 ? usual : 0;
  return below(4) == 0 ? usual / 2 : 0;
}

void run::choose_rates() { usual_rates_ = {rate(12), rate(12), rate(20), rate(40), rate(40), rate(40), rate(40)}; }

/// The sweep makes good whatever the bus does. So in half of the runs it comes only when somebody asks for it, and
/// there nothing happens that nobody can know of: no node dies with what it has not told, and no Redis comes back as it
/// was.
void run::choose_bus() {
  settings_.has_bus = true;
  settings_.partitions = static_cast<std::uint32_t>(1 + below(2));
  redis_.next_fate = [this](bool is_read) { return choose_trip(is_read); };
  const bool sweeps = below(2) == 0;
  if (!sweeps) {
    settings_.sweep_seconds = practically_never;
    usual_rates_.death_in_commit = usual_rates_.exception = usual_rates_.kill = 0;
  }
  if (is_calm_) return;
  usual_rates_.write_lost = rate(6);
  usual_rates_.write_answer_lost = rate(6);
  usual_rates_.read_lost = rate(12);
  usual_rates_.bus_flush = rate(20);
  usual_rates_.bus_restart = sweeps ? rate(40) : 0;
  usual_rates_.bus_unreadable = rate(40);
  usual_rates_.bus_outage = rate(40);
  usual_rates_.bus_cut = rate(40);
  if (below(3) == 0) settings_.backlog_bytes = 300;
  if (below(3) == 0) settings_.stream_entries = static_cast<std::uint32_t>(1 + below(3));
}

void run::set_faults(testing::actor_world& world) {
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
    (*moving_)->cut_off();
    return below(2) == 0 ? commit_fate::stored : commit_fate::refused;
  }
  if (one_in(rates_.refused)) return commit_fate::refused;
  if (one_in(rates_.answer_lost)) return commit_fate::answer_lost;
  if (one_in(rates_.crash_unsynced)) return commit_fate::crash_unsynced;
  return commit_fate::stored;
}

/// For a moment, or for longer than anybody waits.
bool run::is_busy(room_id room) {
  auto& until = busy_until_[room];
  if (now_ >= until && one_in(rates_.busy_room)) until = now_ + milliseconds(below(3) == 0 ? below(6'000) : below(200));
  return now_ < until;
}

trip_fate run::choose_trip(bool is_read) {
  if (is_read) return one_in(rates_.read_lost) ? trip_fate::answer_lost : trip_fate::answered;
  if (one_in(rates_.write_lost)) return trip_fate::lost;
  if (one_in(rates_.write_answer_lost)) return trip_fate::answer_lost;
  return trip_fate::answered;
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

void run::trouble_store() {
  if (outage_ > 0 && --outage_ == 0) store_.is_up = store_.reads_work = true;
  if (outage_ == 0 && one_in(rates_.outage)) {
    outage_ = 1 + below(20);
    (below(2) == 0 ? store_.is_up : store_.reads_work) = false;
  }
}

void run::trouble_bus() {
  if (one_in(rates_.bus_flush)) redis_.flush();
  if (one_in(rates_.bus_restart)) redis_.restart();
  if (rates_.bus_restart > 0 && one_in(20)) redis_.save();
  if (one_in(rates_.bus_unreadable)) redis_.spoil();
  if (one_in(rates_.bus_cut)) {
    const auto& host = any(nodes_)->host();
    redis_.is_reachable(host) ? redis_.cut_off(host) : redis_.let_in(host);
  }
  if (bus_outage_ > 0 && --bus_outage_ == 0) redis_.is_up = true;
  if (bus_outage_ == 0 && one_in(rates_.bus_outage)) {
    bus_outage_ = 1 + below(40);
    redis_.is_up = false;
  }
}

void run::bury_the_dead() {
  for (auto& each : nodes_) {
    if (each->is_cut_off()) kill(each);
  }
}

/// Its clients have read some of what it had sent, and the store has what it has.
void run::kill(node& which, bool for_good) {
  ++report_.kills;
  which->cut_off();
  std::vector<talker*> cut;
  for (auto& who : talkers_) {
    who.forget_rest_answers();
    if (who.node() != &which->world()) continue;
    const auto unread = static_cast<int>(who.unread());
    who.lose_connection(unread == 0 ? 0 : static_cast<std::size_t>(below(unread + 1)));
    cut.push_back(&who);
  }
  count_and_end(which);
  start(which);
  if (for_good) return;
  for (auto* who : cut) reconnect(*who);
}

void run::begin_trouble() {
  has_trouble_ = true;
  rates_ = usual_rates_;
}

void run::heal() {
  has_trouble_ = false;
  rates_ = {};
  busy_until_.clear();
  store_.is_up = store_.reads_work = redis_.is_up = true;
  for (const auto& each : nodes_) {
    if (!each->is_cut_off()) redis_.let_in(each->host());
  }
  bury_the_dead();
}

}  // namespace parley::simulation
