// How many processors there are for this process.
#pragma once

namespace parley {

/// Those that the calling thread may run on (sched_getaffinity(2)): what taskset, systemd's CPUAffinity or the cpuset
/// of a container leave it, at least 1. A quota of time (docker's --cpus) takes no processor away and is not looked at.
/// Any thread.
unsigned usable_processors();

}  // namespace parley
