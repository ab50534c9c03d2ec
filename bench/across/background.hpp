// A thread for a part of a measurement, whose failure is the measurement's.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <stop_token>
#include <thread>
#include <utility>

namespace parley::bench {

inline std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline void sleep_until_ns(std::int64_t time_ns) {
  std::this_thread::sleep_until(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(time_ns)));
}

/// Begins at once; asked to stop and waited for when destroyed.
class background {
 public:
  explicit background(std::function<void(const std::stop_token&)> work)
      : thread_([this, run = std::move(work)](const std::stop_token& stop) {
          try {
            run(stop);
          } catch (...) {
            failure_ = std::current_exception();
          }
        }) {}

  void ask_to_stop() { thread_.request_stop(); }
  /// Waits for the end, and throws what the work threw.
  void wait() {
    if (thread_.joinable()) thread_.join();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  std::exception_ptr failure_;
  std::jthread thread_;  ///< Last, since it uses what stands above.
};

}  // namespace parley::bench
