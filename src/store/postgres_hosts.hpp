// The servers that a PostgreSQL URL names, to be tried one after another. libpq tries them itself, but only goes on
// from one that answers: before a silent one it waits as long as it is let.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace parley {

/// How to reach one server.
struct postgres_server_address {
  std::string name;  ///< For people: host, port and address. Of several each has its own, the only one has none.
  /// libpq's keywords and their values. Holds the password, if the URL does.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// The addresses that a host's name stands for, each once; none when it cannot be told.
using host_resolver = std::function<std::vector<std::string>(const std::string& host)>;
/// By the system's resolver (getaddrinfo), in its order; it may block for as long as it is set to.
std::vector<std::string> addresses_of(const std::string& host);

/// In the URL's order (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS), at least one.
/// A name that stands for several addresses is as many servers. The only one is the URL itself, as `dbname`, with its
/// address if that is known; and so is a URL that libpq cannot read, or whose lists do not match, so that libpq says
/// what is wrong with it. Of several, only
/// one that takes writes will do, if the URL does not say otherwise.
std::vector<postgres_server_address> postgres_servers_of(const std::string& url,
                                                         const host_resolver& resolve = addresses_of);

}  // namespace parley
