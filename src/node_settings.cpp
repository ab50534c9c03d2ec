// Reads the configuration of a program that is being started.
#include "node_settings.hpp"

#include <unistd.h>

#include "store/open_database.hpp"

namespace parley {

result<config> load_settings(const settings_sources& sources, std::vector<std::string>& unknown_variables) {
  std::string text;
  if (!sources.config_file.empty()) {
    auto content = read_config_file(sources.config_file);
    if (!content) return content.error();
    text = std::move(content.value());
  }
  std::vector<config_setting> settings;
  // In development nobody waits for load balancers; whoever wants to see a drain sets it.
  if (sources.dev) settings.push_back({"drain.seconds", "0", "--dev"});
  auto environment = settings_from_environment(environ);
  unknown_variables = std::move(environment.unknown);
  settings.insert(settings.end(), environment.settings.begin(), environment.settings.end());
  for (const auto& argument : sources.settings) {
    const auto equals = argument.find('=');
    if (equals == std::string::npos) return bad_request("--set " + argument + ": write KEY=VALUE");
    settings.push_back({argument.substr(0, equals), argument.substr(equals + 1), "--set"});
  }
  auto loaded = load_config(text, sources.config_file.empty() ? "defaults" : sources.config_file, settings);
  if (!loaded) return loaded.error();
  loaded.value().dev = sources.dev;
  if (const auto sound = validate(loaded.value()); !sound) return sound.error();
  return loaded;
}

std::string admin_socket_path(const config& settings) {
  if (settings.admin.socket != "auto") return settings.admin.socket;
  const auto sqlite = parse_sqlite_url(settings.store.url);
  return sqlite ? sqlite->path + ".sock" : std::string();
}

}  // namespace parley
