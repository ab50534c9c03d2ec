// What an actor does about exceptions: a line in the log, and either its end or only the end of one message.
#pragma once

#include <caf/all.hpp>
#include <exception>
#include <string_view>

#include "parley/log.hpp"

namespace parley {

/// Logs what is being thrown; only inside a catch block.
inline void log_exception(std::string_view component, std::string_view event) {
  try {
    throw;
  } catch (const std::exception& failure) {
    log::error(component, event, "An exception ended what was under way: {}", failure.what());
  } catch (...) {
    log::error(component, event, "An exception of unknown type ended what was under way");
  }
}

/// For an actor that must not end by one bad message: who waits for this one is told `unavailable` when its answer
/// drops.
template <class Handler>
void guarded(std::string_view component, Handler handler) {
  try {
    handler();
  } catch (...) {
    log_exception(component, "message_failed");
  }
}

/// For an actor whose end by an exception is somebody's news: it ends, and the log says why.
template <class Actor>
void log_uncaught(Actor* self, std::string_view component) {
  self->set_exception_handler([component](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (...) {
      log_exception(component, "actor_died");
    }
    return caf::exit_reason::unhandled_exception;
  });
}

}  // namespace parley
