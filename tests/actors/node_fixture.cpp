#include "node_fixture.hpp"

#include <caf/all.hpp>

#include "actors/reading_actor.hpp"
#include "actors/storage_actor.hpp"

namespace parley::testing {

node_fixture::node_fixture() {
  caf_settings_.set("scheduler.policy", caf::atom("testing"));
  caf_settings_.set("logger.verbosity", caf::atom("quiet"));
  system = std::make_unique<caf::actor_system>(caf_settings_);
  scheduler = dynamic_cast<caf::scheduler::test_coordinator*>(&system->scheduler());
  services = std::make_unique<actor_services>(settings, out, encoder, counts, time, ids);
  storage = std::make_unique<storage_pool>(
      *services, std::vector<storage_handle>{spawn_storage_actor(*system, *services, store, false)});
  reads = std::make_unique<read_pool>(
      *services, std::vector<reading_place>{spawn_reading_actor(*system, *services, store, false)});
  services->storage = storage.get();
  services->reads = reads.get();
}

node_fixture::~node_fixture() {
  storage->stop();
  reads->stop();
  if (services->directory) caf::anon_send_exit(services->directory, caf::exit_reason::user_shutdown);
  run();
  services->directory = nullptr;
  storage.reset();
  reads.reset();
  system.reset();
}

void node_fixture::run_actors() {
  while (scheduler->has_job()) scheduler->run_once();
}

void node_fixture::run() {
  do {
    run_actors();
    out.run_all();
  } while (scheduler->has_job() || !out.idle());
}

void node_fixture::advance(std::chrono::milliseconds by) {
  time.advance(by);
  scheduler->clock().advance_time(by);
  run();
}

}  // namespace parley::testing
