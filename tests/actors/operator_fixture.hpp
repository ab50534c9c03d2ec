// Two nodes that know one another, as operators look at them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "actor_world.hpp"
#include "actors/trace_actor.hpp"
#include "node_fixture.hpp"
#include "support/memory_signal_bus.hpp"

namespace parley::testing {

class operator_fixture : public ::testing::Test {
 protected:
  operator_fixture() {
    signals_.set_waits(false);
    here_.ids.set_source(1);
    there_.ids.set_source(2);
    here_.settings.node.name = "here";
    there_.settings.node.name = "there";
    here_.services->identity = &here_identity_;
    there_.services->identity = &there_identity_;
    here_.store.nodes_seen = {seen("here", here_identity_), seen("there", there_identity_)};
    here_.join(*here_end_);
    there_.join(*there_end_);
    for (auto* node : {&here_, &there_}) node->services->tracer = spawn_tracer(*node->system, *node->services);
    listen();
    listen();
  }
  ~operator_fixture() override {
    for (auto* node : {&here_, &there_}) {
      caf::anon_send_exit(node->services->tracer, caf::exit_reason::user_shutdown);
      node->run();
      node->services->tracer = nullptr;
    }
  }
  static node_seen seen(const std::string& name, const node_identity& identity) {
    node_seen node;
    node.report.node = identity.get();
    node.report.name = name;
    return node;
  }
  void listen() {
    for (auto* node : {&here_, &there_}) {
      node->run();
      node->listen();
      node->run();
    }
  }
  fake_database& store() { return here_.store; }

  support::memory_signal_bus signals_;
  std::unique_ptr<signal_bus> here_end_ = signals_.open_node(), there_end_ = signals_.open_node();
  node_identity here_identity_{id_of<uuid>(101)}, there_identity_{id_of<uuid>(102)};
  actor_world here_, there_{2, &here_.store};
  room_id room_ = id_of<room_id>(1), other_room_ = id_of<room_id>(2);
};

}  // namespace parley::testing
