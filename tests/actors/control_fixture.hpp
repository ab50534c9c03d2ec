// The control actor of a node over a scripted log.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "actor_world.hpp"
#include "actors/account_actor.hpp"
#include "actors/control_actor.hpp"

namespace parley::testing {

class scripted_log final : public control_log {
 public:
  std::vector<control_event> next;  ///< What the next reading finds.
  std::vector<node_seen> others;
  bool works = true, has_more = false, missed_some = false, others_speak = true;
  int reads = 0, tidied = 0, left = 0;
  std::vector<uuid> entered;
  bool is_forgotten = false, enters = true;
  node_report told;

  result<control_positions> end() override {
    if (!works) return unavailable("away");
    return end_;
  }
  result<void> enter(const node_report& mine) override {
    if (!works || !enters) return unavailable("away");
    entered.push_back(mine.node);
    return {};
  }
  result<control_news> read(const node_report& mine, const control_positions&) override {
    ++reads;
    if (!works) return unavailable("away");
    told = mine;
    control_news news;
    news.is_forgotten = std::exchange(is_forgotten, false);
    if (news.is_forgotten) return news;
    for (const auto& event : next) ++end_[control_partition_of(event.user)];
    news.events = std::exchange(next, {});
    news.reached = end_;
    news.has_more = std::exchange(has_more, false);
    news.missed_some = std::exchange(missed_some, false);
    for (auto& other : others) other.heartbeat_at += std::chrono::milliseconds(others_speak ? 1 : 0);
    news.nodes = others;
    news.nodes.push_back({mine, timestamp(std::chrono::milliseconds(reads)), std::chrono::milliseconds(0)});
    return news;
  }
  result<void> leave(const uuid&) override {
    ++left;
    return {};
  }
  result<bool> tidy() override { return ++tidied == 2; }  // the second time there is more

 private:
  control_positions end_{};
};

class control_actor_test : public ::testing::Test {
 protected:
  /// Over `store`, or over one of the world's own that knows rooms only.
  explicit control_actor_test(database* store = nullptr) : world_(2, store) {
    accounts_ = spawn_account_actor(*world_.system, *world_.services, {});
    lease_.expire();
  }
  ~control_actor_test() override {
    if (world_.services->control) stop();
    caf::anon_send_exit(accounts_, caf::exit_reason::user_shutdown);
    accounts_ = nullptr;
    world_.run();
  }
  void start() {
    world_.services->control =
        spawn_control_on_scheduler(*world_.system, *world_.services,
                                   {log_, lease_, identity_, accounts_,
                                    answer<std::monostate>([this](const auto& done) { began_ = done.has_value(); })});
    world_.run();
  }
  void stop() {
    caf::anon_send_exit(world_.services->control, caf::exit_reason::user_shutdown);
    world_.run();
    world_.services->control = nullptr;
    world_.run();
  }
  [[nodiscard]] bool may_deliver() const { return lease_.holds(world_.time.steady_now()); }
  void find(control_event event) {
    log_.next.push_back(std::move(event));
    wake();
  }
  void wake() {
    hint();
    world_.advance(std::chrono::milliseconds(20));
  }
  void hint() {
    caf::anon_send(world_.services->control, read_control_log{});
    world_.run();
  }
  /// A revocation of ann's that waits for the other nodes.
  std::weak_ptr<void> wait_for_nodes() {
    const auto held = std::make_shared<int>(1);
    std::weak_ptr<void> seen = held;
    caf::anon_send(world_.services->control, await_nodes{ann_, held});
    world_.run_actors();
    return seen;
  }
  void other_node() {
    node_report report;
    report.node = id_of<uuid>(77);
    log_.others.push_back({report, timestamp(std::chrono::hours(1)), std::chrono::milliseconds(0)});
  }
  static token_hash token_of(user_id user) {
    token_hash token;
    token.bytes[0] = user.bytes[15];
    return token;
  }

  actor_world world_;
  scripted_log log_;
  delivery_lease lease_;
  node_identity identity_{id_of<uuid>(70)};
  account_handle accounts_;
  user_id ann_ = id_of<user_id>(1), bob_ = id_of<user_id>(2);
  bool began_ = false;
};

}  // namespace parley::testing
