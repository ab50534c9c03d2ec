// The server on one processor and the load tool on another, so that neither takes the other's time.
#pragma once

#include <sched.h>

#include <string>

namespace parley::bench {

/// Keeps the calling thread, and what it starts meanwhile, on one processor.
class on_processor {
 public:
  /// -1: anywhere.
  explicit on_processor(int number);
  ~on_processor();
  on_processor(const on_processor&) = delete;
  on_processor& operator=(const on_processor&) = delete;

 private:
  cpu_set_t before_;
};

/// The first two that this process may use; -1 for both when there is only one.
struct processors {
  int server = -1;
  int tool = -1;
};

processors choose_processors();
/// Where servers are to be started; -1 without `pin`. With it the calling thread stays on the tool's processor to the
/// program's end. Throws std::runtime_error when there are no two.
int servers_processor(bool pin);
std::string describe(const processors& chosen);

}  // namespace parley::bench
