// What processes have used of the processor so far, from /proc.
#pragma once

#include <sys/types.h>

namespace parley::support {

/// User and system time of the process, in seconds.
double cpu_seconds_of(pid_t process);
/// And of all that descend from it: those that live, and those that have ended and were waited for.
double cpu_seconds_with_children(pid_t process);

}  // namespace parley::support
