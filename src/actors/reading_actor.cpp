// A reading actor: one connection that only reads, one question after another.
#include "actors/reading_actor.hpp"

#include <memory>

#include "parley/log.hpp"

namespace parley {
namespace {

class reading_actor : public reading_handle::base {
 public:
  reading_actor(caf::actor_config& config, const actor_services& services, database& source)
      : reading_handle::base(config), services_(services), source_(source) {}

  behavior_type make_behavior() override {
    return {[this](run_read& message) { run(std::move(message.job)); }};
  }

  void on_exit() override { reader_.reset(); }

 private:
  /// A job that does not run, or throws, is dropped, which answers `unavailable`.
  void run(read_job job) {
    const auto begun = services_.time.steady_now();
    try {
      if (!reader_ && !connect()) return;
      job(*reader_);
    } catch (const std::exception& thrown) {
      log::error("reading", "read_exception", "Exception in a read: {}", thrown.what());
      reader_.reset();
    } catch (...) {
      log::error("reading", "read_exception", "Exception of an unknown type in a read");
      reader_.reset();
    }
    services_.counts.read_seconds.observe(std::chrono::duration<double>(services_.time.steady_now() - begun).count());
  }

  bool connect() {
    auto opened = source_.open_reader();
    if (!opened) {
      log::error("reading", "open_failed", "The store cannot be opened for reading: {}", opened.error().message);
      return false;
    }
    reader_ = std::move(*opened);
    return true;
  }

  const actor_services& services_;
  database& source_;
  std::unique_ptr<database_reader> reader_;
};

}  // namespace

reading_handle spawn_reading_actor(caf::actor_system& system, const actor_services& services, database& source,
                                   bool own_thread) {
  if (own_thread) return system.spawn<reading_actor, caf::detached>(services, source);
  return system.spawn<reading_actor>(services, source);
}

}  // namespace parley
