// The control actor reads the control log by position, hands on what it says, tells the others how far that is done,
// and keeps the lease by which this node delivers.
#include "actors/control_actor.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "actors/guarded.hpp"
#include "actors/node_silence.hpp"
#include "actors/signal_exchange.hpp"
#include "actors/storage_pool.hpp"
#include "actors/untold_nodes.hpp"
#include "parley/left_node.hpp"
#include "parley/log.hpp"
#include "parley/version.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

/// So that what the bus did not tell is heard within the lease all the same.
constexpr milliseconds usual_pause{250};
constexpr milliseconds pause_while_awaited{5};
constexpr milliseconds least_pause{20};  ///< Between readings for hints.
constexpr milliseconds before_next_try{100};
constexpr milliseconds before_next_clearing{1'000};
constexpr std::chrono::minutes between_tidyings{10};
/// Of those who were on a node that is dead, in one transaction.
constexpr std::uint32_t users_at_once = 200;

class control final : public control_handle::base {
 public:
  control(caf::actor_config& config, const actor_services& services, control_parts parts)
      : control_handle::base(config), services_(services), parts_(std::move(parts)) {
    report_.node = parts_.identity.get();
    report_.name = services.settings.node.name;
    report_.version = version();
    report_.started_at = services.time.now();
    next_tidying_ = services.time.steady_now() + between_tidyings;
  }

  behavior_type make_behavior() override {
    wake();
    return {
        [this](read_control_log message) {
          if (message.is_ours && services_.signals != nullptr) services_.signals->publish_hint();
          wake_soon();
        },
        [this](control_tick) {
          if (!is_woken_ && services_.time.steady_now() < next_) return;  // another one was planned since, which comes
          is_woken_ = false;
          guarded("control", [this] { read(); });
        },
        [this](await_nodes& message) {
          waiting_.push_back(
              {control_partition_of(message.user), std::move(message.held), services_.time.steady_now(), std::nullopt});
          wake();
        },
        [this](control_step message) { note_step(message); },
        [this](clear_presence_up message) {
          if (std::exchange(message.failed, false)) {
            delayed_send(this, before_next_clearing, message);
          } else {
            guarded("control", [&] { clear_up(message); });
          }
        },
    };
  }

  void on_exit() override {
    waiting_.clear();
    parts_.accounts = nullptr;
    guarded("control", [this] { (void)parts_.log.leave(report_.node); });
  }

 private:
  /// What was read once, until all that it said is done.
  struct reading {
    std::uint64_t number;
    steady_time began;
    control_positions reached;
    bool is_whole;  ///< There was no more to read.
    bool is_handed_on, is_done;
  };
  struct waiting {
    std::size_t partition;
    std::shared_ptr<void> held;
    steady_time began;            ///< It waits for no longer than a lease.
    std::optional<sequence> seq;  ///< What is waited for stands at or before it.
  };

  /// Behind what is in the mailbox already.
  void wake() {
    if (!std::exchange(is_woken_, true)) send(this, control_tick{});
  }
  /// However often somebody changes something, who only wants it to be heard gets it a little later.
  void wake_soon() {
    const auto passed = services_.time.steady_now() - last_began_;
    if (passed >= least_pause) return wake();
    const auto left = std::chrono::ceil<milliseconds>(least_pause - passed);
    if (next_ > services_.time.steady_now() + left) plan(left);
  }
  void plan(milliseconds after) {
    next_ = services_.time.steady_now() + after;
    delayed_send(this, after, control_tick{});
  }

  void read() {
    plan(before_next_try);  // whatever happens below
    const auto began = services_.time.steady_now();
    last_began_ = began;
    if (!known_) {
      const auto end = parts_.log.end();
      if (!end) return fail(end.error());
      known_ = confirmed_ = *end;
    }
    if (!is_there_) {
      report_.confirmed = confirmed_;
      if (const auto entered = parts_.log.enter(report_); !entered) return fail(entered.error());
      is_there_ = true;
      // Not before: what stands under an identity that nobody knows is cleared away.
      parts_.identity.set(report_.node);
      next_clearing_ = began + presence_ttl();
      if (std::exchange(was_forgotten_, false)) {
        anon_send(services_.directory, save_presence_again{});
      } else {
        clear_up({services_.time.now(), false, true});
      }
    }
    report_.confirmed = confirmed_;
    report_.connections = services_.counts.websocket_connections.value();
    report_.rooms = services_.counts.rooms_active.value();
    report_.stream_backlog_bytes = services_.counts.stream_backlog_bytes.value();
    report_.stream_lag_ms = services_.counts.stream_lag_ms.value();
    if (const auto at = services_.counts.resynced_at_ms.value(); at != 0) {
      report_.resynced_at = timestamp(milliseconds(at));
    }
    auto news = parts_.log.read(report_, *known_);
    if (!news) return fail(news.error());
    if (news->is_forgotten) return enter_anew();
    if (std::exchange(is_up_, true) == false) log::info("control", "control_log_reads", "The control log can be read");
    told_ = report_.confirmed;
    services_.counts.control_events_total.add(news->events.size());
    services_.counts.control_unreadable_total.add(news->unreadable);
    look_at(*news, began);
    hand_on(*news, began);
    known_ = news->reached;  // last: what fails above is read again
    if (news->has_more) wake();
    bury(*news, began);
    // For what a node wrote under its old identity before it knew.
    if (began >= next_clearing_) {
      next_clearing_ = began + presence_ttl();
      clear_up({services_.time.now()});
    }
    tidy();
    plan(waiting_.empty() ? usual_pause : pause_while_awaited);
    std::exchange(parts_.began, {})(std::monostate{});
  }

  void note_alive(std::int64_t nodes) {
    services_.counts.nodes_alive.set(nodes);
    services_.has_company.store(nodes > 1, std::memory_order_relaxed);
    if (nodes > 1 && services_.settings.bus.url.empty() && !std::exchange(warned_of_company_, true)) {
      log::warn("control", "nodes_without_bus",
                "{} nodes share the store, and this one has no bus.url: what one of them stores does not reach the "
                "others' clients",
                nodes);
    }
  }

  void fail(const error& why) {
    services_.counts.control_failures_total.add();
    services_.counts.nodes_alive.set(0);  // nobody knows; that there was company counts on, for a stop
    if (std::exchange(is_up_, false) != false) {
      log::warn("control", "control_log_failed", "The control log cannot be read: {} Until it can, {}.", why.message,
                services_.lease ? "nothing more is delivered" : "what other nodes and parleyctl end is not heard of");
    }
    release([](const waiting&) { return false; });
  }

  // --- What it says ---

  void hand_on(control_news& news, steady_time began) {
    control_heard heard;
    logs_reached logs;
    for (auto& event : news.events) {
      if (const auto* given = std::get_if<role_given>(&event.what)) {
        anon_send(services_.directory, role_changed{event.user, given->granted});
      } else if (const auto* stored = std::get_if<friendship_stored>(&event.what)) {
        anon_send(services_.directory, friendship_changed{event.user, {stored->other, stored->status, stored->by}});
      } else if (const auto* presence = std::get_if<presence_stored>(&event.what)) {
        anon_send(services_.directory, presence_heard{event.user, *presence});
      } else if (const auto* member = std::get_if<membership_stored>(&event.what)) {
        // Who left is told by the room, behind all that came before.
        if (member->joined) anon_send(services_.directory, membership_changed{member->room, event.user, std::nullopt});
        logs.ends.emplace_back(member->room, member->seq);
      } else {
        heard.events.push_back(std::move(event));
      }
    }
    if (!logs.ends.empty()) anon_send(services_.directory, std::move(logs));
    const bool is_quiet = heard.events.empty() && !news.missed_some;
    under_way_.push_back({++last_reading_, began, news.reached, !news.has_more, is_quiet, is_quiet});
    if (!is_quiet) {
      heard.handed_on = step(last_reading_, false);
      heard.done = step(last_reading_, true);
      heard.missed_some = news.missed_some;
      heard.reached = news.reached;
      if (news.missed_some) {
        log::error("control", "control_events_missed", "This node was away for so long that its sockets begin anew");
        anon_send(services_.directory, save_presence_again{});
        anon_send(services_.directory, end_all_sockets{heard.handed_on});
      }
      anon_send(parts_.accounts, std::move(heard));
    } else {
      anon_send(parts_.accounts, control_reached{news.reached});
    }
    advance();
  }

  /// Says so when the last one that holds it lets go; which may be a shard that has ended, and must not keep this
  /// actor.
  std::shared_ptr<void> step(std::uint64_t number, bool is_done) {
    return {nullptr, [me = caf::weak_actor_ptr(ctrl()), number, is_done](void*) {
              const auto strong = caf::actor_cast<caf::strong_actor_ptr>(me);
              if (strong) caf::anon_send(caf::actor_cast<control_handle>(strong), control_step{number, is_done});
            }};
  }

  void note_step(const control_step& message) {
    const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                    [&](const reading& each) { return each.number == message.reading; });
    if (found == under_way_.end()) return;
    (message.is_done ? found->is_done : found->is_handed_on) = true;
    advance();
  }

  /// A shard that sees the lease extended finds what ended in its queue, before anything that it held back.
  void advance() {
    for (const auto& each : under_way_) {
      if (!each.is_handed_on) break;
      if (!each.is_whole) continue;
      const bool begins_term = parts_.lease.extend(each.began + control_lease, services_.time.steady_now());
      // What rooms were told behind a lapse, while they could not have delivered it, they did not read.
      if (begins_term && parts_.lease.term() > 1 && services_.sweep)
        caf::anon_send(services_.sweep, compare_with_store{});
    }
    while (!under_way_.empty() && under_way_.front().is_handed_on && under_way_.front().is_done) {
      confirmed_ = under_way_.front().reached;
      under_way_.pop_front();
    }
    if (confirmed_ != told_) wake();
  }

  // --- The other nodes ---

  [[nodiscard]] bool is_alive(const node_seen& node, steady_time began) {
    using state = node_silence::state;
    const auto found = silence_.note(node.report.node, node.heartbeat_at, began, services_.time.steady_now());
    // What it stored last it may have told nobody.
    if (found == state::fell_silent && services_.sweep) caf::anon_send(services_.sweep, compare_with_store{});
    return found == state::alive;
  }

  void look_at(const control_news& news, steady_time began) {
    std::int64_t alive = 0;
    control_positions reached_by_all;
    reached_by_all.fill(std::numeric_limits<sequence>::max());
    for (const auto& node : news.nodes) {
      if (!is_alive(node, began) || has_left(node.report)) continue;
      ++alive;
      if (node.report.node != report_.node) untold_.note(node.report, services_.time.steady_now());
      for (std::size_t i = 0; i < reached_by_all.size(); ++i) {
        reached_by_all[i] = std::min(reached_by_all[i], node.report.confirmed[i]);
      }
    }
    // Whoever buried it may have been killed since, or not know that it did; what it wrote last may not be indexed.
    if (const auto gone_since = silence_.end_reading(news.nodes, began)) {
      clear_up({*gone_since});
      if (services_.search) anon_send(services_.search, look_for_rooms_behind{});
    }
    note_alive(alive);
    note_untold(untold_.end_reading(services_.time.steady_now()));
    if (!news.has_more) {
      for (auto& each : waiting_) {
        if (!each.seq) each.seq = news.reached[each.partition];
      }
    }
    release([&](const waiting& each) { return each.seq && reached_by_all[each.partition] >= *each.seq; });
  }

  /// As if the bus were down: only the store has all of that node's events.
  void note_untold(bool some_are_late) {
    if (std::exchange(some_are_late_, some_are_late) == some_are_late || !services_.sweep) return;
    if (some_are_late)
      log::warn("control", "news_late", "The news of another node wait with it; rooms look into the store");
    caf::anon_send(services_.sweep, compare_with_store{some_are_late ? 1 : -1});
  }

  template <class IsDone>
  void release(IsDone is_done) {
    const auto now = services_.time.steady_now();
    std::erase_if(waiting_, [&](const waiting& each) {
      if (!is_done(each) && now < each.began + control_lease) return false;
      services_.counts.control_wait_seconds.observe(std::chrono::duration<double>(now - each.began).count());
      return true;
    });
  }

  // --- Nodes that are dead ---

  /// The others took this one for dead: it was stopped, or cut off. What stands under its old identity is being cleared
  /// away.
  void enter_anew() {
    log::warn("control", "taken_for_dead", "The other nodes took this one for dead; it enters anew");
    report_.node = services_.ids.next();
    is_there_ = false;
    was_forgotten_ = true;
    wake();
  }

  /// Whoever did not say a word for about presence.ttl_seconds is dead; whoever took leave, when those who were on
  /// there had the grace time to come elsewhere.
  void bury(const control_news& news, steady_time began) {
    for (const auto& node : news.nodes) {
      const bool took_leave = has_left(node.report);
      const auto patience = took_leave ? grace() : longest_silence(services_.settings.presence);
      if (!silence_.is_over(node.report.node, patience, began, before_next_clearing)) continue;
      if (!took_leave) log::warn("control", "node_dead", "{} has been silent for too long", node.report.name);
      const auto was_first = std::make_shared<bool>(false);
      services_.storage->write(
          node.report.node,
          alone([id = node.report.node, at = node.heartbeat_at, was_first](record_writer& writer) -> result<void> {
            const auto forgotten = writer.forget_node(id, at);
            if (!forgotten) return forgotten.error();
            *was_first = *forgotten;
            return {};
          }),
          answer<std::monostate>([me = weak(), at = node.heartbeat_at, took_leave, was_first,
                                  &dead = services_.counts.nodes_dead_total](const auto& outcome) {
            const auto self = caf::actor_cast<caf::strong_actor_ptr>(me);
            if (outcome && *was_first && !took_leave) dead.add();
            if (outcome && self) caf::anon_send(caf::actor_cast<control_handle>(self), clear_presence_up{at});
          }));
    }
  }

  /// Step by step, until nobody is on on nodes that nobody knows.
  void clear_up(const clear_presence_up& what) {
    const auto count = std::make_shared<std::size_t>(0);
    services_.storage->write(
        report_.node, alone([count, what](record_writer& writer) -> result<void> {
          const auto ended = what.is_first ? writer.end_presence_on_no_node(what.last_seen, users_at_once)
                                           : writer.end_presence_of_nobody(what.last_seen, users_at_once);
          if (!ended) return ended.error();
          *count = *ended;
          return {};
        }),
        answer<std::monostate>([me = weak(), count, what](const auto& outcome) {
          const auto self = caf::actor_cast<caf::strong_actor_ptr>(me);
          if (!self || (outcome && *count == 0 && !what.is_first)) return;
          // The first kind until there are none, then the other.
          const bool is_first = what.is_first && (!outcome || *count > 0);
          caf::anon_send(caf::actor_cast<control_handle>(self), clear_presence_up{what.last_seen, !outcome, is_first});
        }));
    wake();  // what it told is read soon
  }
  [[nodiscard]] std::chrono::seconds presence_ttl() const {
    return std::chrono::seconds(services_.settings.presence.ttl_seconds);
  }
  [[nodiscard]] milliseconds grace() const { return std::chrono::seconds(services_.settings.presence.grace_seconds); }
  [[nodiscard]] caf::weak_actor_ptr weak() const { return caf::weak_actor_ptr(ctrl()); }

  void tidy() {
    const auto now = services_.time.steady_now();
    if (now < next_tidying_ || !waiting_.empty()) return;
    next_tidying_ = now + between_tidyings;
    const auto has_more = parts_.log.tidy();
    if (!has_more) {
      log::warn("control", "control_log_not_tidied", "Old entries stay a while longer: {}", has_more.error().message);
    } else if (*has_more) {
      next_tidying_ = now + usual_pause;
    }
  }

  const actor_services& services_;
  control_parts parts_;
  node_report report_;
  std::optional<control_positions> known_;  ///< Read up to there; null before the first reading.
  control_positions confirmed_{}, told_{};
  std::deque<reading> under_way_;
  std::uint64_t last_reading_ = 0;
  std::vector<waiting> waiting_;
  node_silence silence_;  ///< Of the others.
  untold_nodes untold_;
  bool some_are_late_ = false;
  std::optional<bool> is_up_;
  bool warned_of_company_ = false;
  bool is_woken_ = false;
  bool was_forgotten_ = false;
  bool is_there_ = false;  ///< The others know of this identity.
  steady_time next_{};
  steady_time last_began_{};
  steady_time next_tidying_{};
  steady_time next_clearing_{};
};

}  // namespace

control_handle spawn_control(caf::actor_system& system, const actor_services& services, control_parts parts) {
  return system.spawn<control, caf::detached>(services, std::move(parts));
}

control_handle spawn_control_on_scheduler(caf::actor_system& system, const actor_services& services,
                                          control_parts parts) {
  return system.spawn<control>(services, std::move(parts));
}

}  // namespace parley
