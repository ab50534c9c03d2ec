// A node of Parley: everything it runs, built in order, stopped in the opposite one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "parley/config.hpp"
#include "parley/error.hpp"
#include "parley/fault_points.hpp"

namespace parley {

/// The composition root. Owned by main (or a test); its functions are called from one thread at a time.
class node {
 public:
  /// Opens the store (and migrates it), starts the actors, then the listener. Errors name what could not be had.
  /// `is_over` is asked now and then while another node's migration is waited for: true ends the start. `faults` is for
  /// tests.
  static result<std::unique_ptr<node>> start(const config& settings, const fault_points& faults = {},
                                             const std::function<bool()>& is_over = {});
  /// Stops at once if stop() was not called.
  virtual ~node() = default;

  /// The port that is listened on (net.listen may say 0).
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Reads the TLS certificate anew; the old one stays if the new one is not sound.
  virtual result<void> reload_certificates() = 0;
  /// Blocks: unready, drain frames, finish what was accepted, stop every part. `quick` skips the drain's waiting.
  virtual void stop(bool quick) = 0;
  /// From any thread while stop() runs: the rest of the drain is skipped.
  virtual void hurry() = 0;
};

/// What the start would refuse about store.url, the TLS files and the allowed origins; touches no store and no network.
result<void> check_settings(const config& settings);
/// Applies the store's migrations and returns.
result<void> migrate_store(const config& settings);
/// The names of the migrations that migrate_store() would apply; changes nothing.
result<std::vector<std::string>> pending_migrations(const config& settings);

}  // namespace parley
