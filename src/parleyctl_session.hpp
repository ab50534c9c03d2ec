// What all commands of parleyctl need: the command line, the node or its store to ask, and printing.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node_operator.hpp"
#include "node_settings.hpp"
#include "parleyctl_output.hpp"

namespace parley::ctl {

constexpr int exit_usage = 2;
constexpr int exit_failed = 1;
constexpr const char* users_path = "/api/v1/admin/users";

struct command_line {
  settings_sources sources;
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

/// The API for operators, over the admin socket of a node or in this process.
class session {
 public:
  session(const config& settings, bool needs_node);

  boost::json::value ask(std::string_view method, const std::string& target, const boost::json::object& body = {});
  /// All pages of a list, at most `limit` items.
  boost::json::array ask_all(const std::string& target, std::size_t limit);
  /// Of exactly that name.
  std::string id_of(const std::string& username);
  /// For a query.
  static std::string encoded(const std::string& text);

 private:
  std::unique_ptr<operator_client> client_;
};

void print(const command_line& args, const boost::json::value& value);
void print_list(const command_line& args, const boost::json::array& items, const std::vector<table_column>& columns);

}  // namespace parley::ctl
