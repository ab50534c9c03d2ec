// The reader of rooms' tails on one URL: what waits goes in one round trip. Whatever it cannot tell, the store does.
#include "actors/room_tail_actor.hpp"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>

#include "actors/guarded.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

/// Of one round trip.
constexpr std::size_t questions_at_once = 16;
/// A room knows its own events before they have come to Redis.
constexpr milliseconds for_what_is_under_way{100};
constexpr milliseconds before_looking_again{5};
/// After a failure: nobody waits for a Redis that just did not answer; longer and longer, while it does not.
constexpr milliseconds first_pause{1'000};
constexpr milliseconds longest_pause{30'000};
constexpr std::size_t most_rooms_in_vain = 10'000;

class tail_desk final : public room_tail_handle::base {
 public:
  tail_desk(caf::actor_config& config, const actor_services& services, event_stream& stream)
      : room_tail_handle::base(config), services_(services), tails_(stream.open_tails()) {}

  behavior_type make_behavior() override {
    return {
        [this](read_tail& message) {
          guarded("tails", [&] {
            waiting_.push_back(std::move(message));
            if (!is_planned_) plan(milliseconds(0));
          });
        },
        [this](read_tails) {
          is_planned_ = false;
          guarded("tails", [&] { read(); });
          const auto is_late = [](const read_tail& each) { return each.is_late; };
          const bool all_late = std::all_of(waiting_.begin(), waiting_.end(), is_late);
          if (!waiting_.empty()) plan(all_late ? before_looking_again : milliseconds(0));
        },
    };
  }
  void on_exit() override {
    waiting_.clear();
    tails_.reset();
  }

 private:
  /// Behind what is in the mailbox already, so that it goes along.
  void plan(milliseconds after) {
    is_planned_ = true;
    if (after == milliseconds(0)) {
      send(this, read_tails{});
    } else {
      delayed_send(this, after, read_tails{});
    }
  }

  void read() {
    std::vector<read_tail> asked;
    while (!waiting_.empty() && asked.size() < questions_at_once) {
      asked.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    std::vector<tail_question> questions;
    questions.reserve(asked.size());
    for (const auto& each : asked) questions.push_back(each.what);
    auto pages = now() < not_before_ ? result<std::vector<tail_page>>(unavailable("Redis has just failed."))
                                     : tails_->read(questions);
    if (pages) {
      pause_ = first_pause;
      if (std::exchange(is_down_, false)) log::info("tails", "tails_read", "Rooms' tails can be read again");
      for (std::size_t i = 0; i < asked.size(); ++i) settle(asked[i], (*pages)[i]);
    } else {
      fail(asked, pages.error());
    }
  }

  void settle(read_tail& asked, tail_page& page) {
    services_.counts.stream_unreadable_total.add(page.unreadable);
    if (page.what == tail_page::kind::behind) {
      const auto vain = waited_in_vain_.find(asked.what.room);
      const bool may_come = vain == waited_in_vain_.end() || vain->second != asked.what.end;
      if (may_come && now() - asked.since < for_what_is_under_way) {
        asked.is_late = true;
        return waiting_.push_back(std::move(asked));
      }
      if (waited_in_vain_.size() >= most_rooms_in_vain) waited_in_vain_.clear();
      waited_in_vain_.insert_or_assign(asked.what.room, asked.what.end);
    }
    forget_old(page.events);
    (page.events.empty() ? services_.counts.tail_misses_total : services_.counts.tail_pages_total).add();
    asked.reply(std::move(page.events));
  }

  /// A tail that goes on for years holds texts of years ago. What was done to the store by hand since, it has not
  /// heard.
  void forget_old(std::vector<durable_event>& events) const {
    const auto oldest =
        services_.time.now() -
        std::chrono::milliseconds(static_cast<std::int64_t>(services_.settings.bus.tail_hours * 3'600'000));
    const auto is_old = [&](const durable_event& event) {
      if (const auto* posted = std::get_if<message_posted>(&event.body)) return posted->created_at < oldest;
      const auto* edited = std::get_if<message_edited>(&event.body);
      return edited != nullptr && edited->edited_at < oldest;
    };
    events.erase(std::find_if(events.begin(), events.end(), is_old), events.end());
  }

  void fail(const std::vector<read_tail>& asked, const error& why) {
    if (!std::exchange(is_down_, true)) {
      log::warn("tails", "tails_failed", "Rooms' tails cannot be read, replays read the store: {}", why.message);
    }
    if (now() >= not_before_) {
      not_before_ = now() + pause_;
      pause_ = std::min(pause_ * 2, longest_pause);
    }
    services_.counts.tail_failures_total.add(asked.size());
    for (const auto& each : asked) each.reply(std::vector<durable_event>());
  }

  [[nodiscard]] steady_time now() const { return services_.time.steady_now(); }

  const actor_services& services_;
  std::unique_ptr<room_tail_reader> tails_;
  std::deque<read_tail> waiting_;
  steady_time not_before_{};
  milliseconds pause_ = first_pause;  ///< After the next failure.
  /// Up to where the rooms' logs went when their tails did not come so far in time: nobody waits for that again.
  std::unordered_map<room_id, sequence> waited_in_vain_;
  bool is_planned_ = false;
  bool is_down_ = false;
};

}  // namespace

room_tail_handle spawn_room_tails(caf::actor_system& system, const actor_services& services, event_stream& stream) {
  return system.spawn<tail_desk, caf::detached>(services, stream);
}

room_tail_handle spawn_room_tails_on_scheduler(caf::actor_system& system, const actor_services& services,
                                               event_stream& stream) {
  return system.spawn<tail_desk>(services, stream);
}

room_tails::room_tails(const actor_services& services, std::vector<room_tail_handle> readers) : services_(services) {
  for (auto& actor : readers) {
    lanes_.push_back({std::move(actor),
                      std::make_shared<queue_bound>(services.settings.bus.tail_queue, services.counts.tail_queue)});
  }
}

void room_tails::ask(const tail_question& what, answer<std::vector<durable_event>> reply) const {
  const auto& to = lanes_[partition_of(what.room, services_.settings.bus.partitions) % lanes_.size()];
  auto place = to.bound->try_enter(1);
  if (!place) {
    services_.counts.tail_misses_total.add();
    return reply(std::vector<durable_event>());
  }
  caf::anon_send(to.reader, read_tail{what, std::move(reply), std::move(place), services_.time.steady_now()});
}

void room_tails::stop() const {
  for (const auto& each : lanes_) caf::anon_send_exit(each.reader, caf::exit_reason::user_shutdown);
}

}  // namespace parley
