// Programs of the distribution: where they are, which they are, and one that runs in a folder of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/server_process.hpp"

namespace parley::bench {

/// Its path, from PATH or the folders of servers, which are not in everybody's.
std::optional<std::string> find_program(const std::string& name);
/// For peer::missing: the reason when one of the programs is not here, with the Debian package that has it.
std::optional<std::string> missing_program(const std::string& name, const std::string& package);
/// The first line that a command writes; empty when it fails.
std::string first_line_of(const std::string& command);
/// As the package's name and version.
std::string package_version(const std::string& package);

/// A temporary folder that goes when its owner goes.
class own_folder {
 public:
  explicit own_folder(const std::string& what);
  ~own_folder();
  own_folder(const own_folder&) = delete;
  own_folder& operator=(const own_folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Writes a file into it; its path.
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

/// A server with its folder. When it does not start, the end of what it said is in the error.
class running_program {
 public:
  /// `command_of` gets the folder and makes the command from it, after the files that it needs.
  running_program(const std::string& what, std::uint16_t port,
                  const std::function<std::vector<std::string>(const own_folder&)>& command_of);

  [[nodiscard]] support::target address() const { return process_->address(); }
  [[nodiscard]] double cpu_seconds() const { return process_->cpu_seconds_with_children(); }

 private:
  own_folder folder_;
  std::optional<support::server_process> process_;
};

}  // namespace parley::bench
