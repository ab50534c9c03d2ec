// https://docs.ejabberd.im/admin/configuration/, for version 23.
#include "peers/ejabberd_configuration.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "peers/xmpp_client.hpp"

namespace parley::bench {
namespace {

/// No presence goes to others, as none goes from member to member elsewhere: joining a room of n would cost n².
constexpr const char* template_of_all = R"(hosts: [{host}]
loglevel: error
acme: {{auto: false}}
auth_method: [anonymous]
anonymous_protocol: sasl_anon
allow_multiple_connections: true
websocket_ping_interval: 3600
access_rules:
  everybody: {{allow: all}}
listen:
  -
    port: {port}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /ws: ejabberd_http_ws
{database}modules:
{archive}  mod_muc:
    host: {rooms}
    access: everybody
    access_create: everybody
    history_size: 0
    max_users: 20000
    max_users_admin_threshold: 20000
    max_user_conferences: 100
    min_message_interval: 0
    min_presence_interval: 0
    user_message_shaper: none
    user_presence_shaper: none
    room_shaper: none
    default_room_options:
      max_users: 20000
      presence_broadcast: []
      public: false
      mam: {has_archive}
)";

/// Without prepared statements: with them each insert goes to PostgreSQL in several writes and waits 40 ms for the
/// acknowledgement of the first. Ten connections, as by default, leave a commit less to share.
constexpr const char* template_of_database = R"(sql_type: pgsql
sql_prepared_statements: false
sql_pool_size: 32
sql_server: "{host}"
sql_port: {port}
sql_username: "{user}"
sql_password: ""
sql_database: "{name}"
)";

/// The rooms' archive alone: users keep none of their own.
constexpr const char* archive_module = R"(  mod_mam:
    db_type: sql
    default: never
)";

struct url_parts {
  std::string user, host, port, name;
};

url_parts parts_of(const std::string& url) {
  const auto from = [&](std::size_t begin, char end) { return url.substr(begin, url.find(end, begin) - begin); };
  const auto scheme = url.find("://");
  const auto at = url.find('@');
  if (scheme == std::string::npos || at == std::string::npos) throw std::invalid_argument("not a database: " + url);
  const auto colon = url.find(':', at);
  const auto slash = url.find('/', at);
  if (colon == std::string::npos || slash == std::string::npos) throw std::invalid_argument("not a database: " + url);
  return {from(scheme + 3, '@'), from(at + 1, ':'), from(colon + 1, '/'), url.substr(slash + 1)};
}

std::string database_lines(const std::string& url) {
  const auto [user, host, port, name] = parts_of(url);
  using fmt::arg;
  return fmt::format(fmt::runtime(template_of_database), arg("host", host), arg("port", port), arg("user", user),
                     arg("name", name));
}

}  // namespace

std::string ejabberd_configuration(std::uint16_t port, const std::string& archive_url) {
  const bool has_archive = !archive_url.empty();
  using fmt::arg;
  return fmt::format(fmt::runtime(template_of_all), arg("host", xmpp_host), arg("rooms", xmpp_rooms), arg("port", port),
                     arg("database", has_archive ? database_lines(archive_url) : ""),
                     arg("archive", has_archive ? archive_module : ""), arg("has_archive", has_archive));
}

}  // namespace parley::bench
