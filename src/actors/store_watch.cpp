// Has storage and reading actors look at the store from time to time.
#include "actors/store_watch.hpp"

#include <chrono>
#include <utility>

namespace parley {
namespace {

constexpr std::chrono::seconds between_store_looks{1};

/// Not those who look themselves: a delayed message would keep their threads at the stop.
class store_watch : public store_watch_handle::base {
 public:
  store_watch(caf::actor_config& config, std::vector<caf::actor> watched)
      : store_watch_handle::base(config), watched_(std::move(watched)) {}

  behavior_type make_behavior() override {
    for (std::size_t who = 0; who < watched_.size(); ++who) delayed_send(this, between_store_looks, look_around{who});
    return {[this](look_around next) { look(next.who); }};
  }

  void on_exit() override { watched_.clear(); }

 private:
  /// One who takes long, before a silent server, is not asked again meanwhile.
  void look(std::size_t who) {
    request(watched_[who], caf::infinite, look_at_store{})
        .then([this, who] { delayed_send(this, between_store_looks, look_around{who}); }, [](const caf::error&) {});
  }

  std::vector<caf::actor> watched_;
};

}  // namespace

store_watch_handle spawn_store_watch(caf::actor_system& system, std::vector<caf::actor> watched) {
  return system.spawn<store_watch>(std::move(watched));
}

}  // namespace parley
