// parleyctl: what the operator of a node does from its machine. Everything goes through the API for operators.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <iostream>

#include "node.hpp"
#include "node_operator.hpp"
#include "node_settings.hpp"
#include "parley/credentials.hpp"
#include "parley/log.hpp"
#include "parley/version.hpp"
#include "parleyctl_output.hpp"

namespace {

namespace json = boost::json;
using parley::operator_client;
using parley::result;

constexpr int exit_usage = 2;
constexpr int exit_failed = 1;
constexpr int most_listed = 1'000'000;
constexpr const char* users_path = "/api/v1/admin/users";

struct command_line {
  parley::settings_sources sources;
  bool as_json = false;
  // user …
  std::string username, role, role_of_new, flag, query, display_name, email, phone;
  std::string message;  ///< trace: its id.
  bool password_from_stdin = false;
  std::size_t limit = 100;
  std::size_t rooms_limit = 100;  ///< rooms: one page.
  bool only_active = false;       ///< rooms: there is no list of the others.
};

/// Ends a command with what stderr says; thrown, since commands call one another in depth.
struct failure {
  int code;
  std::string message;
};

// --- Asking ---

class session {
 public:
  session(const parley::config& settings, bool needs_node) : has_control_log_(!settings.bus.url.empty()) {
    auto connected = parley::connect_operator(settings, needs_node);
    if (!connected) throw failure{exit_failed, connected.error().message};
    client_ = std::move(*connected);
  }

  json::value ask(std::string_view method, const std::string& target, const json::object& body = {}) {
    auto reply = client_->request(method, target, body.empty() ? "" : json::serialize(body));
    if (!reply) throw failure{exit_failed, reply.error().message};
    json::error_code ec;
    auto value = reply->body.empty() ? json::value() : json::parse(reply->body, ec);
    if (reply->status < 300 && !ec) return value;
    const auto* problem = value.if_object();
    const auto* detail = problem == nullptr ? nullptr : problem->if_contains("detail");
    throw failure{exit_failed, detail != nullptr && detail->is_string()
                                   ? std::string(detail->as_string())
                                   : "The node answered " + std::to_string(reply->status) + "."};
  }

  /// All pages of a list, at most `limit` items.
  json::array ask_all(const std::string& target, std::size_t limit) {
    json::array items;
    std::string cursor;
    do {
      const auto separator = target.find('?') == std::string::npos ? "?" : "&";
      auto page = ask("GET", target + separator + "limit=200" + (cursor.empty() ? "" : "&cursor=" + encoded(cursor)))
                      .as_object();
      for (auto& item : page["items"].as_array()) {
        if (items.size() == limit) return items;
        items.push_back(std::move(item));
      }
      cursor = page["next_cursor"].is_null() ? "" : std::string(page["next_cursor"].as_string());
    } while (!cursor.empty());
    return items;
  }

  /// Of exactly that name.
  std::string id_of(const std::string& username) {
    for (const auto& user : ask_all(std::string(users_path) + "?q=" + encoded(username), SIZE_MAX)) {
      const auto& account = user.as_object();
      if (account.at("username").as_string() == username) return std::string(account.at("user_id").as_string());
    }
    throw failure{exit_failed, "There is no user " + parley::printable(username) + "."};
  }

  static std::string encoded(const std::string& text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      const bool is_plain = std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~';
      if (is_plain) {
        out += c;
      } else {
        out += {'%', digits[byte >> 4U], digits[byte & 15U]};
      }
    }
    return out;
  }

  /// Who is suspended in the store alone stays connected to nodes that run.
  void warn_if_nodes_are_not_told() const {
    if (client_->reaches_a_node() || has_control_log_) return;
    std::cerr << "parleyctl: written to the store. No node was reached by an admin socket: one that runs keeps open "
                 "sockets, and remembers tokens for up to 30 s, or as long as bus.session_seconds.\n";
  }

 private:
  std::unique_ptr<operator_client> client_;
  bool has_control_log_;  ///< By which nodes hear of what is in the store.
};

// --- Commands ---

std::string password_of(const command_line& args) {
  if (!args.password_from_stdin) throw failure{exit_usage, "Give the password on standard input: --password-stdin"};
  std::string password;
  std::getline(std::cin, password);
  if (!password.empty() && password.back() == '\r') password.pop_back();
  return password;
}

void print(const command_line& args, const json::value& value) {
  if (args.as_json) {
    std::cout << json::serialize(value) << '\n';
  } else if (const auto* record = value.if_object()) {
    std::cout << parley::record_text(*record);
  }
}

void print_list(const command_line& args, const json::array& items, const std::vector<parley::table_column>& columns) {
  std::cout << (args.as_json ? json::serialize(items) + "\n" : parley::table_text(items, columns));
}

void create_user(const command_line& args, session& node) {
  json::object body{{"username", args.username}, {"password", password_of(args)}, {"role", args.role_of_new}};
  if (!args.display_name.empty()) body["display_name"] = args.display_name;
  if (!args.email.empty()) body["email"] = args.email;
  if (!args.phone.empty()) body["phone"] = args.phone;
  print(args, node.ask("POST", users_path, body));
}

void list_users(const command_line& args, session& node) {
  std::string target = std::string(users_path) + "?q=" + session::encoded(args.query);
  if (!args.flag.empty()) target += "&flagDelete=" + session::encoded(args.flag);
  if (!args.role.empty()) target += "&role=" + session::encoded(args.role);
  print_list(args, node.ask_all(target, args.limit),
             {{"USERNAME", "username"},
              {"ROLE", "role"},
              {"FLAG", "flagDelete"},
              {"DISPLAY NAME", "display_name"},
              {"EMAIL", "email"},
              {"CREATED", "created_at"},
              {"USER ID", "user_id"}});
}

void change_user(const command_line& args, session& node, const char* field, const std::string& value) {
  const auto target = std::string(users_path) + "/" + node.id_of(args.username);
  print(args, node.ask("PATCH", target, {{field, value}}));
  node.warn_if_nodes_are_not_told();
}

void set_password(const command_line& args, session& node) {
  const auto target = std::string(users_path) + "/" + node.id_of(args.username) + "/password";
  node.ask("POST", target, {{"new_password", password_of(args)}});
  node.warn_if_nodes_are_not_told();
}

void end_tokens(const command_line& args, session& node) {
  node.ask("POST", std::string(users_path) + "/" + node.id_of(args.username) + "/end-tokens");
  node.warn_if_nodes_are_not_told();
}

void show_audit(const command_line& args, session& node) {
  auto trail = node.ask_all("/api/v1/admin/audit", args.limit);
  for (auto& entry : trail) {
    auto& record = entry.as_object();
    if (record["actor"].is_null() && !args.as_json) record["actor"] = json::object{{"username", "(operator)"}};
  }
  print_list(args, trail,
             {{"AT", "at"},
              {"ACTOR", "actor.username"},
              {"ACTION", "action"},
              {"USER", "user.username"},
              {"DETAIL", "detail"},
              {"ROOM ID", "room_id"},
              {"MESSAGE ID", "message_id"}});
}

void show_connections(const command_line& args, session& node) {
  print_list(args, node.ask_all("/api/v1/admin/connections", args.limit),
             {{"USERNAME", "username"},
              {"CONNECTIONS", "connections"},
              {"DISPLAY NAME", "display_name"},
              {"USER ID", "user_id"}});
}

void show_rooms(const command_line& args, session& node) {
  print_list(args, node.ask_all("/api/v1/admin/rooms", args.limit),
             {{"ROOM ID", "room_id"},
              {"GROUP", "is_group"},
              {"MEMBERS", "members"},
              {"LAST SEQ", "last_seq"},
              {"NAME", "name"}});
}

void show_cluster(const command_line& args, session& node) {
  const auto answer = node.ask("GET", "/api/v1/admin/nodes");
  const auto& nodes = answer.at("items").as_array();
  if (nodes.empty() && !args.as_json) {
    std::cout << "No nodes are written down: only those that share a PostgreSQL are.\n";
    return;
  }
  print_list(args, nodes,
             {{"NAME", "name"},
              {"VERSION", "version"},
              {"ALIVE", "is_alive"},
              {"SILENT MS", "silent_ms"},
              {"CONNECTIONS", "connections"},
              {"ROOMS", "rooms"},
              {"BACKLOG BYTES", "stream_backlog_bytes"},
              {"LAG MS", "stream_lag_ms"},
              {"LAST RESYNC", "resynced_at"},
              {"STARTED AT", "started_at"}});
}

void explain_presence(const command_line& args, session& node) {
  const auto why = node.ask("GET", "/api/v1/admin/presence/" + node.id_of(args.username));
  if (args.as_json) return print(args, why);
  auto shown = why.as_object();
  const auto places = shown.at("nodes").as_array();
  shown.erase("nodes");
  print(args, shown);
  print_list(args, places,
             {{"ON NODE", "name"}, {"SINCE", "since"}, {"NODE IS KNOWN", "is_known"}, {"NODE SILENT MS", "silent_ms"}});
}

/// What an answer lacks must not be taken for what is not there.
void warn_of_silent_nodes(const json::object& answer, const char* what) {
  for (const auto& name : answer.at("silent").as_array()) {
    std::cerr << "parleyctl: " << parley::printable({name.as_string().data(), name.as_string().size()}) << ": " << what
              << '\n';
  }
}

void show_active_rooms(const command_line& args, session& node) {
  const auto found =
      node.ask("GET", "/api/v1/admin/rooms/active?limit=" + std::to_string(args.rooms_limit)).as_object();
  warn_of_silent_nodes(found, "its rooms are not known");
  if (args.as_json) return print(args, found);
  auto rooms = found.at("items").as_array();
  for (auto& room : rooms) {
    std::string on;
    for (const auto& place : room.at("nodes").as_array()) {
      const auto& name = place.at("node").as_string();
      on += fmt::format("{}{} {} @{}", on.empty() ? "" : ", ", std::string_view(name.data(), name.size()),
                        place.at("connections").to_number<std::int64_t>(), place.at("seq").to_number<std::int64_t>());
    }
    room.as_object()["on"] = on;
  }
  print_list(args, rooms,
             {{"ROOM ID", "room_id"},
              {"CONNECTIONS", "connections"},
              {"LAST SEQ", "last_seq"},
              {"ON NODES", "on"},
              {"NAME", "name"}});
  const auto total = found.at("total").to_number<std::size_t>();
  if (total > rooms.size()) std::cerr << "parleyctl: and " << total - rooms.size() << " more; see --limit\n";
  for (const auto& each : found.at("nodes").as_array()) {
    const auto left_out = each.at("left_out").to_number<std::size_t>();
    if (left_out == 0) continue;
    std::cerr << "parleyctl: and " << left_out << " on "
              << parley::printable({each.at("name").as_string().data(), each.at("name").as_string().size()})
              << " with fewer connections than those listed\n";
  }
}

json::string took(std::int64_t microseconds) {
  return json::string(fmt::format("{:.3f} ms", static_cast<double>(microseconds) / 1e3));
}

/// What the node knows that accepted it.
void show_acceptance(const command_line& args, const json::object& found) {
  const auto at = [&](const char* field) { return found.at(field).to_number<std::int64_t>(); };
  json::object shown{{"message", found.at("message_id")}, {"room", found.at("room_id")}, {"seq", found.at("seq")}};
  if (found.at("accepted_by").is_null()) {
    shown["accepted by"] = "(a node that does not know it any more, or did not answer)";
    return print(args, shown);
  }
  shown["accepted by"] = found.at("accepted_by");
  shown["accepted at"] = found.at("accepted_at");
  shown["waited for its batch"] = took(at("to_store_us"));
  shown["stored in"] = took(at("committed_us") - at("to_store_us"));
  shown["commands in its batch"] = found.at("batch_commands");
  if (!found.at("delivered_us").is_null()) {
    shown["delivered in"] = took(at("delivered_us") - at("committed_us"));
    shown["in all"] = took(at("delivered_us"));
  }
  shown["connections on this node"] = found.at("connections");
  print(args, shown);
}

/// For people: how long each stage took; for programs as the node says it.
void show_trace(const command_line& args, session& node) {
  const auto found = node.ask("GET", "/api/v1/admin/trace/" + session::encoded(args.message)).as_object();
  warn_of_silent_nodes(found, "did not answer");
  if (!found.at("are_nodes_known").as_bool()) {
    std::cerr << "parleyctl: the store did not say which nodes there are; others may know more\n";
  }
  if (args.as_json) return print(args, found);
  show_acceptance(args, found);
  auto others = found.at("others").as_array();
  if (others.empty()) return;
  for (auto& each : others) {
    auto& other = each.as_object();
    if (other["heard_from"].is_null()) other["heard_from"] = "(not heard: not in use there, or long ago)";
    const auto* delivered = other.if_contains("delivered_us");
    if (delivered != nullptr && !delivered->is_null()) other["delivered"] = took(delivered->to_number<std::int64_t>());
  }
  print_list(args, others,
             {{"OTHER NODE", "name"},
              {"HEARD FROM", "heard_from"},
              {"HEARD AT", "heard_at"},
              {"DELIVERED IN", "delivered"},
              {"CONNECTIONS", "connections"}});
}

// --- The command line ---

/// A command as it was chosen; run after the configuration is read.
struct chosen {
  std::function<void(const command_line&, session&)> run;
  bool needs_node = false;
  bool only_config = false;
};

CLI::App* add_command(CLI::App& under, const char* name, const char* help, chosen& choice,
                      std::function<void(const command_line&, session&)> run, bool needs_node = false) {
  auto* command = under.add_subcommand(name, help);
  command->callback([&choice, run = std::move(run), needs_node] { choice = {run, needs_node, false}; });
  return command;
}

void add_user_commands(CLI::App& app, command_line& args, chosen& choice) {
  auto* user = app.add_subcommand("user", "Make, list and change users");
  user->require_subcommand(1);
  auto* create = add_command(*user, "create", "Make a user, such as the first admin", choice, create_user);
  create->add_option("--username", args.username)->required();
  create->add_option("--role", args.role_of_new, "admin, moderator or user")->default_val("user");
  create->add_option("--display-name", args.display_name);
  create->add_option("--email", args.email);
  create->add_option("--phone", args.phone);
  create->add_flag("--password-stdin", args.password_from_stdin, "Read the password from standard input")->required();

  auto* list = add_command(*user, "list", "List users", choice, list_users);
  list->add_option("--query", args.query, "Beginning of the username or part of the display name");
  list->add_option("--flag", args.flag, "active, not_active or delete");
  list->add_option("--role", args.role, "admin, moderator or user");
  list->add_option("--limit", args.limit, "Most to list")->check(CLI::Range(1, most_listed))->default_val(100);

  const auto add_change = [&](const char* name, const char* help, const char* flag) {
    auto* change = add_command(*user, name, help, choice, [flag](const command_line& given, session& node) {
      change_user(given, node, "flagDelete", flag);
    });
    change->add_option("username", args.username)->required();
  };
  add_change("suspend", "Suspend a user for a time: tokens stop, sockets close", "not_active");
  add_change("lock", "Lock a user: as suspend, and only an admin may restore it", "delete");
  add_change("restore", "Restore a suspended or locked user", "active");

  auto* role = add_command(*user, "role", "Change a user's role", choice, [](const command_line& given, session& node) {
    change_user(given, node, "role", given.role);
  });
  role->add_option("username", args.username)->required();
  role->add_option("role", args.role, "admin, moderator or user")->required();

  auto* password = add_command(*user, "password", "Set a user's password; all log-ins end", choice, set_password);
  password->add_option("username", args.username)->required();
  password->add_flag("--password-stdin", args.password_from_stdin, "Read the password from standard input")->required();

  auto* end = add_command(*user, "end-sessions", "End all of a user's log-ins", choice, end_tokens);
  end->add_option("username", args.username)->required();
}

void add_other_commands(CLI::App& app, command_line& args, chosen& choice) {
  auto* audit = add_command(app, "audit", "Show what was done to accounts and to others' messages", choice, show_audit);
  audit->add_option("--limit", args.limit, "Most entries, the newest first")
      ->check(CLI::Range(1, most_listed))
      ->default_val(100);

  auto* node = app.add_subcommand("node", "Look at the running node");
  node->require_subcommand(1);
  add_command(
      *node, "status", "Its state in numbers", choice,
      [](const command_line& given, session& to) { print(given, to.ask("GET", "/api/v1/admin/node")); }, true);
  add_command(*node, "connections", "Who is connected", choice, show_connections, true)
      ->add_option("--limit", args.limit)
      ->check(CLI::Range(1, most_listed))
      ->default_val(100);
  add_command(*node, "rooms", "The rooms in memory", choice, show_rooms, true)
      ->add_option("--limit", args.limit)
      ->check(CLI::Range(1, most_listed))
      ->default_val(100);

  auto* presence = app.add_subcommand("presence", "Who is online");
  presence->require_subcommand(1);
  add_command(*presence, "explain", "Why somebody counts as online, or does not", choice, explain_presence)
      ->add_option("username", args.username)
      ->required();

  add_command(app, "cluster", "The nodes of the store", choice, show_cluster);

  auto* rooms =
      add_command(app, "rooms", "The rooms in use on all nodes, the busiest first", choice, show_active_rooms, true);
  rooms->add_flag("--active", args.only_active, "Those in use: there is no list of the others")->required();
  rooms->add_option("--limit", args.rooms_limit, "Most to list")->check(CLI::Range(1, 200))->default_val(100);

  add_command(app, "trace", "What became of one of the last messages on each node, and how long it took", choice,
              show_trace, true)
      ->add_option("message_id", args.message)
      ->required();

  auto* config = app.add_subcommand("config", "Look at the configuration");
  config->require_subcommand(1);
  config->add_subcommand("check", "Check it as a start would")->callback([&choice] { choice.only_config = true; });
}

int run(const command_line& args, const chosen& choice) {
  std::vector<std::string> unknown_variables;
  const auto settings = parley::load_settings(args.sources, unknown_variables);
  if (!settings) throw failure{exit_usage, settings.error().message};
  if (choice.only_config) {
    if (const auto sound = parley::check_settings(*settings); !sound) throw failure{exit_usage, sound.error().message};
    std::cout << (args.as_json ? "{\"sound\":true}\n" : "The configuration is sound.\n");
    return EXIT_SUCCESS;
  }
  auto quiet = settings->log;
  quiet.level = "warn";
  parley::log::initialise(quiet, "parleyctl");
  if (const auto ready = parley::initialise_crypto(); !ready) throw failure{exit_failed, ready.error().message};
  session node(*settings, choice.needs_node);
  choice.run(args, node);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  command_line args;
  chosen choice;
  CLI::App app{
      "parleyctl manages a Parley node from its machine, over the node's admin socket. Where no node runs, it "
      "opens the store itself."};
  app.add_option("--config", args.sources.config_file, "The node's TOML file");
  app.add_option("--set", args.sources.settings, "KEY=VALUE, over the file and the environment; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--json", args.as_json, "Print JSON for programs");
  app.set_version_flag("--version", "parleyctl " + std::string(parley::version()));
  app.require_subcommand(1);
  app.fallthrough();
  add_user_commands(app, args, choice);
  add_other_commands(app, args, choice);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? EXIT_SUCCESS : exit_usage;
  }
  try {
    return run(args, choice);
  } catch (const failure& why) {
    std::cerr << "parleyctl: " << why.message << '\n';
    return why.code;
  } catch (const std::exception& why) {
    std::cerr << "parleyctl: " << why.what() << '\n';
    return exit_failed;
  }
}
