// Reads, checks and prints the configuration.
#include "parley/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <type_traits>

#include "config_fields.hpp"
#include "escape.hpp"

namespace parley {
namespace {

using fault = std::optional<error>;

error wrong(std::string_view key, std::string_view source, std::string_view rule) {
  return bad_request(fmt::format("{}: {} ({})", key, rule, source));
}

/// Stores one TOML value in the field of its key.
struct assign_visitor {
  std::string_view key;
  const toml::node& node;
  std::string_view source;
  bool found = false;
  fault failure{};

  void operator()(std::string_view name, std::string& field) {
    if (!take(name)) return;
    if (const auto* text = node.as_string())
      field = text->get();
    else
      failure = wrong(key, source, "must be a string");
  }
  void operator()(std::string_view name, bool& field) {
    if (!take(name)) return;
    if (const auto* flag = node.as_boolean())
      field = flag->get();
    else
      failure = wrong(key, source, "must be true or false");
  }
  void operator()(std::string_view name, std::vector<std::string>& field) {
    if (!take(name)) return;
    std::vector<std::string> values;
    const auto* list = node.as_array();
    bool sound = list != nullptr;
    if (list != nullptr)
      for (const auto& item : *list) {
        if (const auto* text = item.as_string())
          values.push_back(text->get());
        else
          sound = false;
      }
    if (sound)
      field = std::move(values);
    else
      failure = wrong(key, source, "must be a list of strings");
  }
  template <class Number>
  void operator()(std::string_view name, Number& field, double least, double most) {
    if (!take(name)) return;
    const auto number = node.value<double>();
    const bool whole = node.is_integer() || std::is_floating_point_v<Number>;
    if (!number || node.is_boolean() || !whole || !(*number >= least && *number <= most))
      failure = wrong(key, source,
                      fmt::format("must be a {}number from {:.0f} to {:.0f}",
                                  std::is_floating_point_v<Number> ? "" : "whole ", least, most));
    else
      field = static_cast<Number>(*number);
  }

 private:
  bool take(std::string_view name) {
    if (name != key) return false;
    found = true;
    return true;
  }
};

fault assign(config& target, std::string_view key, const toml::node& node, std::string_view source) {
  assign_visitor visitor{key, node, source};
  for_each_field(target, visitor);
  if (!visitor.found) return wrong(key, source, "there is no such key");
  return visitor.failure;
}

fault assign_table(config& target, const toml::table& table, const std::string& prefix, const std::string& source) {
  for (const auto& [name, node] : table) {
    const auto key = prefix + std::string(name.str());
    const auto* inner = node.as_table();
    auto failure =
        inner != nullptr ? assign_table(target, *inner, key + ".", source) : assign(target, key, node, source);
    if (failure) return failure;
  }
  return {};
}

/// A setting's text is a TOML value where it reads as one, else a bare string: `--set log.level=debug`.
fault assign_setting(config& target, const config_setting& setting) {
  bool wants_text = false;
  for_each_field(target, [&]<class Field>(std::string_view name, Field&, auto...) {
    if constexpr (std::is_same_v<Field, std::string>) wants_text |= name == setting.key;
  });
  const bool quoted = setting.value.size() >= 2 && (setting.value.front() == '"' || setting.value.front() == '\'');
  if (!wants_text || quoted) {
    try {
      const auto parsed = toml::parse("value = " + setting.value);
      return assign(target, setting.key, *parsed.get("value"), setting.source);
    } catch (const toml::parse_error&) {
      // Not TOML: a bare string, which the field's own rule then judges.
    }
  }
  return assign(target, setting.key, toml::value<std::string>(setting.value), setting.source);
}

constexpr std::string_view mask = "***";

/// scheme://user:PASSWORD@host
void mask_password(std::string& url) {
  const auto scheme = url.find("://");
  const auto at = url.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos) return;
  const auto colon = url.find(':', scheme + 3);
  if (colon != std::string::npos && colon < at) url.replace(colon + 1, at - colon - 1, mask);
}

bool names_a_secret(std::string key) {
  for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  // A key that is itself escaped may be any of them.
  static constexpr std::string_view parts[] = {"pass", "pwd", "secret", "token", "%"};
  return std::any_of(std::begin(parts), std::end(parts),
                     [&](auto part) { return key.find(part) != std::string::npos; });
}

/// …?password=SECRET&…
void mask_parameters(std::string& url) {
  for (auto start = url.find('?'); start != std::string::npos; start = url.find('&', start + 1)) {
    const auto end = std::min(url.find('&', start + 1), url.size());
    const auto equals = url.find('=', start);
    if (equals >= end || !names_a_secret(url.substr(start + 1, equals - start - 1))) continue;
    url.replace(equals + 1, end - equals - 1, mask);
  }
}

std::string masked(std::string url) {
  mask_password(url);
  mask_parameters(url);
  return url;
}

std::string toml_text(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return escape_controls(out) + '"';
}

fault check_development(const config& value) {
  if (!value.dev) return {};
  const auto address = parse_listen_address(value.net.listen);
  if (address && !is_loopback_host(address.value().host))
    return wrong("net.listen", value.net.listen,
                 "--dev needs no token, so every listener must be on loopback (127.0.0.1, [::1] or localhost)");
  return {};
}

bool starts_with_any(const std::string& text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](auto prefix) { return text.starts_with(prefix); });
}

/// Only the schemes, since the store's code reads addresses; and what the bus needs of the rest.
fault check_bus(const config& value) {
  if (value.bus.url.empty()) return {};
  const auto urls = bus_urls(value);
  for (const auto& url : urls) {
    // All of it is repeated, since what a comma in a password splits cannot be masked.
    if (url.starts_with("rediss://"))
      return wrong("bus.url", masked(value.bus.url), "no rediss://, since hiredis of Debian 12 is built without TLS");
    if (!url.starts_with("redis://"))
      return wrong("bus.url", masked(value.bus.url),
                   "each address must begin with redis://, or all be empty for one node");
  }
  if (urls.size() > value.bus.partitions)
    return wrong("bus.partitions", "bus.url", "there are more addresses than partitions");
  if (!starts_with_any(value.store.url, {"postgresql://", "postgres://"}))
    return wrong("bus.url", masked(value.store.url), "a bus is between nodes that share a PostgreSQL as their store");
  return {};
}

}  // namespace

std::vector<std::string> bus_urls(const config& value) {
  std::vector<std::string> urls;
  const std::string& text = value.bus.url;
  if (text.empty()) return urls;
  for (std::size_t start = 0;;) {
    const auto end = text.find(',', start);
    urls.push_back(text.substr(start, end - start));
    if (end == std::string::npos) return urls;
    start = end + 1;
  }
}

result<config> load_config(const std::string& toml_text, const std::string& source,
                           const std::vector<config_setting>& settings) {
  config value;
  try {
    const auto table = toml::parse(toml_text, source);
    if (auto failure = assign_table(value, table, "", source)) return *failure;
  } catch (const toml::parse_error& e) {
    return bad_request(fmt::format("{}, line {}: {}", source, e.source().begin.line, e.description()));
  }
  for (const auto& setting : settings)
    if (auto failure = assign_setting(value, setting)) return *failure;
  return value;
}

environment_settings settings_from_environment(char** environment) {
  environment_settings out;
  config defaults;
  for (char** entry = environment; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (!text.starts_with("PARLEY_") || equals == std::string_view::npos) continue;
    const std::string name(text.substr(0, equals));
    std::string key;
    for_each_field(defaults, [&](std::string_view candidate, auto&&...) {
      std::string variable = "PARLEY_";
      for (const char c : candidate)
        variable += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      if (variable == name) key = std::string(candidate);
    });
    if (key.empty())
      out.unknown.push_back(name);
    else
      out.settings.push_back({key, std::string(text.substr(equals + 1)), name});
  }
  return out;
}

result<listen_address> parse_listen_address(const std::string& text) {
  const auto colon = text.rfind(':');
  listen_address out;
  if (colon != std::string::npos) out.host = text.substr(0, colon);
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
    out.host = out.host.substr(1, out.host.size() - 2);
  const auto port = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), ::isdigit);
  if (out.host.empty() || !digits || std::stoi(port) > 65'535)
    return wrong("net.listen", text, "must be host:port, such as 127.0.0.1:8000 or [::1]:8000");
  out.port = static_cast<std::uint16_t>(std::stoi(port));
  return out;
}

bool is_loopback_host(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  // 127.0.0.0/8 in figures; a name such as 127.evil.example is anybody's.
  return host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3 &&
         host.find_first_not_of("0123456789.") == std::string::npos;
}

result<std::string> read_config_file(const std::string& path) {
  std::error_code fault;
  const auto status = std::filesystem::status(path, fault);
  if (!std::filesystem::exists(status)) {
    return bad_request(fmt::format("{}: cannot be read: {}", path, fault ? fault.message() : "no such file"));
  }
  // A folder opens like a file and reads as an empty one, which would mean: all defaults.
  if (!std::filesystem::is_regular_file(status)) return bad_request(path + ": is not a regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return bad_request(path + ": cannot be read");
  std::string text;
  std::array<char, 4096> part{};
  do {
    file.read(part.data(), part.size());
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
  } while (file);
  if (file.bad()) return bad_request(path + ": cannot be read");
  return text;
}

result<void> validate(const config& value) {
  if (const auto address = parse_listen_address(value.net.listen); !address) return address.error();
  if (value.net.tls_certificate.empty() != value.net.tls_key.empty())
    return wrong("net.tls_certificate", "net.tls_key", "give both files or neither");
  if (value.net.send != "auto" && value.net.send != "uring" && value.net.send != "plain")
    return wrong("net.send", value.net.send, "must be auto, uring or plain");
  if (value.net.compression != "off" && value.net.compression != "shared")
    return wrong("net.compression", value.net.compression, "must be off or shared");
  if (value.admin.socket.size() > longest_admin_socket_path)
    return wrong("admin.socket", value.admin.socket, "a socket's path has at most 107 bytes");
  if (!starts_with_any(value.store.url, {"sqlite:", "postgresql://", "postgres://"}))
    return wrong("store.url", masked(value.store.url), "must begin with sqlite: or postgresql://");
  if (auto failure = check_bus(value)) return *failure;
  static constexpr std::string_view levels[] = {"trace", "debug", "info", "warn", "error"};
  if (std::find(std::begin(levels), std::end(levels), value.log.level) == std::end(levels))
    return wrong("log.level", value.log.level, "must be trace, debug, info, warn or error");
  if (value.log.format != "text" && value.log.format != "json")
    return wrong("log.format", value.log.format, "must be text or json");
  if (value.limits.content_bytes > value.limits.frame_bytes)
    return wrong("limits.content_bytes", "limits.frame_bytes", "content must fit into a frame");
  if (value.node.name.empty()) return wrong("node.name", "", "must not be empty");
  if (auto failure = check_development(value)) return *failure;
  return {};
}

std::string to_toml(const config& value) {
  std::string out;
  std::string section;
  for_each_field(value, [&]<class Field>(std::string_view key, const Field& field, auto...) {
    const auto dot = key.find('.');
    if (key.substr(0, dot) != section) {
      out += fmt::format("{}[{}]\n", section.empty() ? "" : "\n", key.substr(0, dot));
      section = std::string(key.substr(0, dot));
    }
    out += fmt::format("{} = ", key.substr(dot + 1));
    if constexpr (std::is_same_v<Field, std::string>) {
      out += toml_text(masked(field));
    } else if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
      out += '[';
      for (std::size_t i = 0; i < field.size(); ++i) out += (i > 0 ? ", " : "") + toml_text(field[i]);
      out += ']';
    } else {
      out += fmt::format("{}", field);
    }
    out += '\n';
  });
  return out;
}

}  // namespace parley
