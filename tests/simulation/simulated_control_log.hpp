// A node's connection to the control log of the simulated store.
#pragma once

#include "simulation/simulated_store.hpp"

namespace parley::simulation {

class simulated_control_log final : public control_log {
 public:
  explicit simulated_control_log(const simulated_database& node) : node_(node) {}

  result<control_positions> end() override {
    if (!works()) return no_answer();
    return tables().end();
  }
  result<void> enter(const node_report& mine) override {
    if (!works()) return no_answer();
    tables().enter(mine, node_.shared().now);
    return {};
  }
  /// The word stands, also when the rest gets lost.
  result<control_news> read(const node_report& mine, const control_positions& after) override {
    if (!works()) return no_answer();
    auto news = tables().read(mine, after, node_.shared().now);
    if (node_.shared().loses_log_answer()) return no_answer();
    return news;
  }
  result<void> leave(const uuid& node) override {
    if (!works()) return no_answer();
    tables().leave(node);
    return {};
  }
  result<bool> tidy() override { return false; }

 private:
  [[nodiscard]] bool works() const { return !node_.is_cut_off() && node_.shared().is_up; }
  [[nodiscard]] presence_tables& tables() const { return node_.shared().presence; }
  static error no_answer() { return unavailable("The store does not answer."); }

  const simulated_database& node_;
};

}  // namespace parley::simulation
