// A folder for one server, store or run.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace parley::support {

/// A new one below the system's, with `what` in its name; whoever asked removes it. Throws std::runtime_error.
inline std::string new_temporary_folder(std::string_view what) {
  auto path = (std::filesystem::temp_directory_path() / ("parley-" + std::string(what) + "-XXXXXX")).string();
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return path;
}

}  // namespace parley::support
