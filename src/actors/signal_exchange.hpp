// The way to the actors of signals: who publishes and who attends knows nothing of URLs and partitions.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "actors/signal_publisher_actor.hpp"
#include "actors/signal_subscriber_actor.hpp"

namespace parley {

/// A subject's partition decides which URL it is. Immutable once made, so that every actor may use it at once. Nothing
/// here waits, fails or answers: a signal that does not fit is dropped.
class signal_exchange {
 public:
  struct lane {
    signal_publisher_handle publisher;
    std::shared_ptr<signal_backlog> backlog;
    signal_subscriber_handle subscriber;
    std::function<void()> wake;  ///< The subscriber, which may be listening.
  };
  signal_exchange(std::vector<lane> lanes, std::uint32_t partitions, counter& dropped)
      : lanes_(std::move(lanes)), partitions_(partitions), dropped_(dropped) {}

  /// To the other nodes where somebody attends to the subject.
  void publish(const ephemeral_signal& what) const;
  /// To all other nodes, by each URL, since one may be down: actor_services::on_hint is called there. Kept until it is
  /// out.
  void publish_hint() const;
  /// From soon on `to` hears what other nodes publish of the subject, until leave(). One listener a subject; a second
  /// one takes the first one's place.
  void attend(const uuid& subject, signal_listener to) const;
  void leave(const uuid& subject) const;
  void stop() const;

 private:
  [[nodiscard]] const lane& lane_of(const uuid& subject) const;

  std::vector<lane> lanes_;
  std::uint32_t partitions_;
  counter& dropped_;
};

/// Two actors with a thread each for every URL. `services` outlives them, and services.on_hint is set already.
std::unique_ptr<signal_exchange> open_signal_exchange(caf::actor_system& system, const actor_services& services,
                                                      std::span<const std::unique_ptr<signal_bus>> buses);

}  // namespace parley
