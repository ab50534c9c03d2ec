// A callback that is called exactly once: by whoever answers, or with `unavailable` when everybody who could has gone.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "parley/error.hpp"

namespace parley {

/// A copyable handle to one pending answer. The first call wins; when the last copy is dropped unanswered (an actor
/// died, a mailbox was discarded) the callback runs with `unavailable`, so that nobody waits for ever.
/// The callback runs on the thread that answers or drops; it must hop to its own and must not throw.
template <class T>
class answer {
 public:
  using callback = std::function<void(result<T>)>;

  answer() = default;
  explicit answer(callback on_answer) : slot_(std::make_shared<slot>(std::move(on_answer))) {}

  void operator()(result<T> value) const {
    if (slot_) slot_->deliver(std::move(value));
  }
  explicit operator bool() const { return slot_ != nullptr; }

 private:
  struct slot {
    explicit slot(callback f) : on_answer(std::move(f)) {}
    slot(const slot&) = delete;
    slot& operator=(const slot&) = delete;
    ~slot() { deliver(unavailable("The part of the server that handled this stopped; send again.")); }

    void deliver(result<T> value) {
      if (!answered.exchange(true)) on_answer(std::move(value));
    }

    callback on_answer;
    std::atomic<bool> answered{false};
  };
  std::shared_ptr<slot> slot_;
};

}  // namespace parley
