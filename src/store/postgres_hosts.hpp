// The servers that a PostgreSQL URL names, to be tried one after another. libpq tries them itself, but only goes on
// from one that answers: before a silent one it waits as long as it is let.
#pragma once

#include <string>
#include <vector>

namespace parley {

/// One server, in libpq's words for it. All of them empty: the one that URL and environment name, if they name any.
struct postgres_host {
  std::string name;
  std::string address;  ///< hostaddr: so that the name need not be resolved.
  std::string port;
};

/// In the URL's order (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS), at least one.
/// A URL that libpq cannot read, or whose lists do not match, is left to libpq, which says so.
std::vector<postgres_host> postgres_hosts_of(const std::string& url);

}  // namespace parley
