// parleyctl: what the operator of a node does from its machine. Everything goes through the API for operators.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "node.hpp"
#include "node_settings.hpp"
#include "parley/credentials.hpp"
#include "parley/log.hpp"
#include "parley/utf8.hpp"
#include "parley/version.hpp"
#include "parleyctl_nodes.hpp"
#include "parleyctl_session.hpp"

namespace {

namespace json = boost::json;
using parley::ctl::command_line;
using parley::ctl::exit_failed;
using parley::ctl::exit_usage;
using parley::ctl::failure;
using parley::ctl::print;
using parley::ctl::print_list;
using parley::ctl::session;
using parley::ctl::users_path;

constexpr int most_listed = 1'000'000;

// --- Commands ---

std::string password_of(const command_line& args) {
  if (!args.password_from_stdin) throw failure{exit_usage, "Give the password on standard input: --password-stdin"};
  std::string password;
  std::getline(std::cin, password);
  if (!password.empty() && password.back() == '\r') password.pop_back();
  if (!parley::is_valid_utf8(password)) throw failure{exit_usage, "The password must be UTF-8"};
  return password;
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
}

void set_password(const command_line& args, session& node) {
  const auto target = std::string(users_path) + "/" + node.id_of(args.username) + "/password";
  node.ask("POST", target, {{"new_password", password_of(args)}});
}

void end_tokens(const command_line& args, session& node) {
  node.ask("POST", std::string(users_path) + "/" + node.id_of(args.username) + "/end-tokens");
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
  add_command(*node, "connections", "Who is connected", choice, parley::ctl::show_connections, true)
      ->add_option("--limit", args.limit)
      ->check(CLI::Range(1, most_listed))
      ->default_val(100);
  add_command(*node, "rooms", "The rooms in memory", choice, parley::ctl::show_rooms, true)
      ->add_option("--limit", args.limit)
      ->check(CLI::Range(1, most_listed))
      ->default_val(100);

  auto* presence = app.add_subcommand("presence", "Who is online");
  presence->require_subcommand(1);
  add_command(*presence, "explain", "Why somebody counts as online, or does not", choice, parley::ctl::explain_presence)
      ->add_option("username", args.username)
      ->required();

  add_command(app, "cluster", "The nodes of the store", choice, parley::ctl::show_cluster);

  auto* rooms = add_command(app, "rooms", "The rooms in use on all nodes, the busiest first", choice,
                            parley::ctl::show_active_rooms, true);
  rooms->add_flag("--active", args.only_active, "Those in use: there is no list of the others")->required();
  rooms->add_option("--limit", args.rooms_limit, "Most to list")->check(CLI::Range(1, 200))->default_val(100);

  add_command(app, "trace", "What became of one of the last messages on each node, and how long it took", choice,
              parley::ctl::show_trace, true)
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
