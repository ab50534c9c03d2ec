// Who is on: that nobody is declared off while he is not, and that everybody hears of it in the end.
#include <algorithm>

#include "simulation/run.hpp"

namespace parley::simulation {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds step{200};
/// Behind the time that a dead node's users have: for those who noticed, and for saves that failed while there was
/// trouble and are tried again.
constexpr milliseconds patience{5'000};
/// What is true is to stay true.
constexpr milliseconds afterwards{2'000};

}  // namespace

/// Where there are several nodes, the time of somebody else's death is told by the control log. In runs without the
/// usual sweep a node without a lease would not ask again.
void run::choose_presence() {
  settings_.has_control = nodes_.size() > 1 && settings_.sweep_seconds < practically_never && below(4) > 0;
  settings_.has_presence = settings_.has_control || nodes_.size() == 1;
  if (!settings_.has_presence) return;
  store_.on_declared_off = [this](user_id user) { on_declared_off(user); };
  if (is_calm_) return;
  const int log_lost = below(2) == 0 ? 0 : 12;
  store_.loses_log_answer = [this, log_lost] { return has_trouble_ && one_in(log_lost); };
}

/// Time goes by, and everybody has the chance to notice: but for a node that is stopped for all of it. Or the store is
/// away, or a node dies, whose users stay away.
void run::live_on() {
  const int steps = 10 + below(40);
  const int trouble = is_calm_ ? 0 : below(6);
  const int outage = trouble == 1 ? 1 + below(steps) : 0;
  node* const stopped = trouble == 2 ? &any(nodes_) : nullptr;
  if (trouble == 3 && rates_.kill > 0) kill(any(nodes_), true);
  if (stopped != nullptr) stop(**stopped);
  for (int i = 0; i < steps; ++i) {
    if (outage > 0) store_.is_up = i >= outage;
    let_all_move();
    bury_the_dead();
    pass_time(step);
  }
  if (stopped == nullptr) return;
  (*stopped)->is_paused = false;
  (*stopped)->resumed_at = store_.now;
}

void run::stop(simulated_node& which) {
  which.is_paused = true;
  for (auto& who : talkers_) {
    if (who.node() == &which.world()) who.is_registered = false;
  }
}

/// A node that has nothing left to do has told the store of those who are there. From then on they are on. Of one that
/// was stopped the store may still have what it said before, and others may forget it yet, until it has spoken again.
void run::note_registered(simulated_node& which) {
  if (!settings_.has_presence || which.is_paused || which.is_cut_off() || which.world().has_work()) return;
  const auto& tables = store_.presence;
  const auto identity = which.identity().get();
  for (auto& who : talkers_) {
    if (who.node() != &which.world()) continue;
    const bool is_known = settings_.has_control
                              ? tables.has_heard(identity, which.resumed_at) && tables.is_on_at(who.user(), identity)
                              : tables.status(who.user()).is_online;
    who.is_registered = who.is_registered || is_known;
  }
}

void run::on_declared_off(user_id user) {
  ++report_.declared_off;
  for (const auto& who : talkers_) {
    if (is_over_ || who.user() != user || !who.is_registered) continue;
    const auto at = std::find_if(nodes_.begin(), nodes_.end(),
                                 [&](const node& each) { return each && &each->world() == who.node(); });
    if (at == nodes_.end() || (*at)->is_cut_off()) continue;
    report_.fault += who.name() + " was declared off while connected to " + (*at)->host() + ". ";
  }
}

/// Some leave, and a node may die with those who are there; the rest stays.
void run::judge_presence() {
  for (auto& who : talkers_) {
    if (below(3) == 0) who.disconnect(everything);
  }
  if (!is_calm_ && below(2) == 0) kill(any(nodes_), true);
  const auto end = now_ + std::chrono::seconds(settings_.ttl_seconds + settings_.grace_seconds) + patience;
  for (auto right_since = now_;;) {
    const auto fault = presence_fault();
    if (fault.empty() && now_ - right_since >= afterwards) return;
    if (!fault.empty()) right_since = now_;
    if (!fault.empty() && now_ >= end) {
      report_.fault += fault;
      return;
    }
    pass_time(healing_step);
    let_all_move();
  }
}

/// Empty: the flags are as they should be, and so is what everybody was told last.
std::string run::presence_fault() const {
  for (const auto& user : members_) {
    const bool is_on = std::any_of(talkers_.begin(), talkers_.end(),
                                   [&](const talker& who) { return who.user() == user && who.node() != nullptr; });
    const auto name = "user " + std::to_string(user.bytes[15]);
    if (store_.presence.status(user).is_online != is_on) {
      return "the store has " + name + (is_on ? " off, who is on. " : " on, who is off. ");
    }
    for (const auto& who : talkers_) {
      if (who.node() == nullptr || who.others()->is_on(user) == is_on) continue;
      return who.name() + " was told last that " + name + (is_on ? " is off, who is on. " : " is on, who is off. ");
    }
  }
  return {};
}

}  // namespace parley::simulation
