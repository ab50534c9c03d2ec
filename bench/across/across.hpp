// `parley-bench across`: how long does a message take from a client of one node to a client of another?
#pragma once

#include "across/options.hpp"

namespace parley::bench {

/// Runs it and prints the figures. False when a run has none, since messages were lost or refused or the sender fell
/// behind; it says which. Throws std::invalid_argument for options that do not fit together, std::runtime_error when
/// the world around the run does not work.
bool run_across(const across_options& options);

}  // namespace parley::bench
