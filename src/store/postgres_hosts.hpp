// The servers that a PostgreSQL URL names, to be tried one after another. libpq tries them itself, but only goes on
// from one that answers: before a silent one it waits as long as it is let.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace parley {

/// How to reach one server.
struct postgres_server_address {
  std::string name;  ///< For people: host and port. Empty for the only one.
  /// libpq's keywords and their values. Holds the password, if the URL does.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// In the URL's order (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS), at least one.
/// The only one is the URL itself, as `dbname`; and so is a URL that libpq cannot read, or whose lists do not match, so
/// that libpq says what is wrong with it. Of several, only one that takes writes will do, if the URL does not say
/// otherwise.
std::vector<postgres_server_address> postgres_servers_of(const std::string& url);

}  // namespace parley
