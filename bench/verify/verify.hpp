// `parley-bench verify`: does a cluster keep its promises while things break?
#pragma once

#include "verify/options.hpp"

namespace parley::bench {

/// Runs it and prints what it found. True when every promise was kept. Throws std::invalid_argument for options that do
/// not fit together, std::runtime_error when the world around the run does not work.
bool run_verify(const verify_options& options);

}  // namespace parley::bench
