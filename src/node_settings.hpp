// Where a program's configuration comes from: the file, the environment, the command line; alike for all programs.
#pragma once

#include <string>
#include <vector>

#include "parley/config.hpp"
#include "parley/error.hpp"

namespace parley {

struct settings_sources {
  std::string config_file;            ///< Empty: the defaults.
  std::vector<std::string> settings;  ///< KEY=VALUE, over the file and the environment.
  bool dev = false;
};

/// Checked. `unknown_variables`: PARLEY_… names of the environment that are no keys, to warn about.
result<config> load_settings(const settings_sources& sources, std::vector<std::string>& unknown_variables);

/// Where the node's admin socket is; empty when it has none.
std::string admin_socket_path(const config& settings);

}  // namespace parley
