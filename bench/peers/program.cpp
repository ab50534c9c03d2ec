// Looking programs up, and starting them.
#include "peers/program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/temporary_folder.hpp"

namespace parley::bench {
namespace {

/// The end of a log, as one line for an error.
std::string end_of(const std::string& file) {
  constexpr std::size_t most = 400;
  std::ifstream log(file);
  std::string text((std::istreambuf_iterator<char>(log)), std::istreambuf_iterator<char>());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.size() > most ? text.substr(text.size() - most) : text;
}

}  // namespace

std::optional<std::string> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path != nullptr ? path : "") + ":/usr/local/sbin:/usr/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const bool is_named = !folder.empty();
    folder += '/';
    folder += name;
    if (is_named && ::access(folder.c_str(), X_OK) == 0) return folder;
  }
  return std::nullopt;
}

std::optional<std::string> missing_program(const std::string& name, const std::string& package) {
  if (find_program(name)) return std::nullopt;
  return fmt::format("{} is not installed (Debian package {})", name, package);
}

std::string first_line_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command + " 2>/dev/null").c_str(), "r"), &::pclose);
  std::array<char, 256> line{};
  if (!pipe || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return {};
  std::string text = line.data();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string package_version(const std::string& package) {
  const auto version = first_line_of("dpkg-query -W -f '${Version}' " + package);
  return version.empty() ? package : package + " " + version;
}

own_folder::own_folder(const std::string& what) : path_(support::new_temporary_folder(what)) {}

own_folder::~own_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string own_folder::write(const std::string& name, const std::string& text) const {
  auto file_path = path_ + "/" + name;
  std::ofstream file(file_path);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + file_path);
  return file_path;
}

running_program::running_program(const std::string& what, std::uint16_t port,
                                 const std::function<std::vector<std::string>(const own_folder&)>& command_of)
    : folder_(what) {
  const auto log = folder_.path() + "/output.log";
  auto command = command_of(folder_);
  try {
    process_.emplace(support::server_process::other(std::move(command), port, log));
  } catch (const std::runtime_error&) {
    throw std::runtime_error(what + " did not start: " + end_of(log));
  }
}

}  // namespace parley::bench
