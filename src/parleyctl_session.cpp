// Asking and printing.
#include "parleyctl_session.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <iostream>

namespace parley::ctl {

namespace json = boost::json;

session::session(const config& settings, bool needs_node) {
  auto connected = connect_operator(settings, needs_node);
  if (!connected) throw failure{exit_failed, connected.error().message};
  client_ = std::move(*connected);
}

json::value session::ask(std::string_view method, const std::string& target, const json::object& body) {
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

json::array session::ask_all(const std::string& target, std::size_t limit) {
  json::array items;
  std::string cursor;
  do {
    const auto separator = target.find('?') == std::string::npos ? "?" : "&";
    auto page =
        ask("GET", target + separator + "limit=200" + (cursor.empty() ? "" : "&cursor=" + encoded(cursor))).as_object();
    for (auto& item : page["items"].as_array()) {
      if (items.size() == limit) return items;
      items.push_back(std::move(item));
    }
    cursor = page["next_cursor"].is_null() ? "" : std::string(page["next_cursor"].as_string());
  } while (!cursor.empty());
  return items;
}

std::string session::id_of(const std::string& username) {
  for (const auto& user : ask_all(std::string(users_path) + "?q=" + encoded(username), SIZE_MAX)) {
    const auto& account = user.as_object();
    if (account.at("username").as_string() == username) return std::string(account.at("user_id").as_string());
  }
  throw failure{exit_failed, "There is no user " + printable(username) + "."};
}

std::string session::encoded(const std::string& text) {
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

void print(const command_line& args, const json::value& value) {
  if (args.as_json) {
    std::cout << json::serialize(value) << '\n';
  } else if (const auto* record = value.if_object()) {
    std::cout << record_text(*record);
  }
}

void print_list(const command_line& args, const json::array& items, const std::vector<table_column>& columns) {
  std::cout << (args.as_json ? json::serialize(items) + "\n" : table_text(items, columns));
}

}  // namespace parley::ctl
