// What waits goes to Redis in one round trip each way. Whatever Redis cannot tell, the store does.
#include "actors/session_desk.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "actors/guarded.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

/// Of one round trip.
constexpr std::size_t sessions_at_once = 256;
/// Waiting for one URL, of either kind.
constexpr std::int64_t most_waiting = 10'000;
/// While Redis does not answer nobody waits for it: the desk looks by itself, so often, whether it does again.
constexpr milliseconds between_probes{1'000};

class session_desk final : public session_desk_handle::base {
 public:
  session_desk(caf::actor_config& config, const actor_services& services, session_cache& cache)
      : session_desk_handle::base(config), services_(services), cache_(cache) {}

  behavior_type make_behavior() override {
    return {
        [this](find_session& message) {
          asked_.push_back(std::move(message));
          plan();
        },
        [this](keep_session& message) {
          kept_.push_back(std::move(message));
          plan();
        },
        [this](work_on_sessions) {
          is_planned_ = false;
          guarded("sessions", [this] { read(); });
          guarded("sessions", [this] { write(); });
          if (!asked_.empty() || !kept_.empty()) plan();
        },
        [this](probe_sessions) { guarded("sessions", [this] { note(cache_.read(std::array{token_hash{}})); }); },
    };
  }
  void on_exit() override {
    asked_.clear();
    kept_.clear();
  }

 private:
  /// Behind what is in the mailbox already, so that it goes along.
  void plan() {
    if (!std::exchange(is_planned_, true)) send(this, work_on_sessions{});
  }
  template <class T>
  static std::vector<T> take(std::vector<T>& waiting) {
    const auto end = waiting.begin() + static_cast<std::ptrdiff_t>(std::min(waiting.size(), sessions_at_once));
    std::vector<T> taken(std::make_move_iterator(waiting.begin()), std::make_move_iterator(end));
    waiting.erase(waiting.begin(), end);
    return taken;
  }

  void read() {
    const auto asked = take(asked_);
    if (asked.empty()) return;
    std::vector<token_hash> tokens;
    tokens.reserve(asked.size());
    for (const auto& each : asked) tokens.push_back(each.token);
    result<std::vector<std::optional<cached_session>>> found = unavailable("Redis has failed.");
    if (!is_down_) {
      found = cache_.read(tokens);
      note(found);
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
      asked[i].reply(found ? std::move((*found)[i]) : std::optional<cached_session>());
    }
  }

  void write() {
    const auto kept = take(kept_);
    if (kept.empty() || is_down_) return;
    std::vector<std::pair<token_hash, cached_session>> sessions;
    sessions.reserve(kept.size());
    for (const auto& each : kept) sessions.emplace_back(each.token, each.session);
    note(cache_.write(sessions));
  }

  template <class T>
  void note(const result<T>& outcome) {
    if (outcome) {
      if (std::exchange(is_down_, false)) log::info("sessions", "session_cache_up", "Redis keeps sessions again");
      return;
    }
    services_.counts.session_cache_failures_total.add();
    if (!std::exchange(is_down_, true)) {
      log::warn("sessions", "session_cache_down", "Redis keeps no sessions, tokens are read from the store: {}",
                outcome.error().message);
    }
    delayed_send(this, between_probes, probe_sessions{});
  }

  const actor_services& services_;
  session_cache& cache_;
  std::vector<find_session> asked_;
  std::vector<keep_session> kept_;
  bool is_planned_ = false;
  bool is_down_ = false;
};

}  // namespace

session_desk_handle spawn_session_desk(caf::actor_system& system, const actor_services& services,
                                       session_cache& cache) {
  return system.spawn<session_desk, caf::detached>(services, cache);
}

session_desk_handle spawn_session_desk_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                    session_cache& cache) {
  return system.spawn<session_desk>(services, cache);
}

session_desks::session_desks(const actor_services& services, std::vector<session_desk_handle> desks) {
  for (auto& desk : desks) {
    lanes_.push_back(
        {std::move(desk), std::make_shared<queue_bound>(most_waiting, services.counts.session_cache_queue)});
  }
}

void session_desks::find(const token_hash& token, answer<std::optional<cached_session>> reply) const {
  const auto& to = lane_of(token);
  auto place = to.bound->try_enter(1);
  if (!place) return reply(std::optional<cached_session>());
  caf::anon_send(to.desk, find_session{token, std::move(reply), std::move(place)});
}

void session_desks::keep(const token_hash& token, cached_session session) const {
  const auto& to = lane_of(token);
  if (auto place = to.bound->try_enter(1)) {
    caf::anon_send(to.desk, keep_session{token, std::move(session), std::move(place)});
  }
}

void session_desks::stop() const {
  for (const auto& each : lanes_) caf::anon_send_exit(each.desk, caf::exit_reason::user_shutdown);
}

}  // namespace parley
