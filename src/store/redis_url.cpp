// Reads the address with Boost.URL and refuses what it does not mean.
#include "store/redis_url.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace parley {
namespace {

error wrong(const char* what) { return bad_request(std::string("bus.url: ") + what); }

/// The number of the database in the path "/3"; 0 when there is none.
std::optional<std::uint32_t> database_in(std::string_view path) {
  if (path.empty() || path == "/") return 0;
  std::uint32_t number = 0;
  const char* end = path.data() + path.size();
  const auto [rest, fault] = std::from_chars(path.data() + 1, end, number);
  return fault == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

}  // namespace

result<redis_options> parse_redis_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (parsed.has_error()) return wrong("is no address; it reads redis://user:password@host:port/database.");
  const auto& url = *parsed;
  if (url.scheme() == "rediss") return wrong("rediss:// is refused, since hiredis of Debian 12 is built without TLS.");
  if (url.scheme() != "redis") return wrong("begins with redis://.");
  if (url.has_query() || url.has_fragment()) return wrong("has no options (? or #).");
  redis_options options;
  options.host = url.host_address();
  if (options.host.empty() || options.host.find('\0') != std::string::npos) return wrong("names no host.");
  if (url.has_port()) {
    const std::string_view port(url.port().data(), url.port().size());
    // port_number() takes some that are too large, and wraps.
    const auto [rest, fault] = std::from_chars(port.data(), port.data() + port.size(), options.port);
    if (fault != std::errc() || rest != port.data() + port.size() || options.port == 0) {
      return wrong("the port is a number from 1 to 65535.");
    }
  }
  options.user = url.user();
  if (url.has_password()) options.password = url.password();
  // A user without a password is one that needs none, but AUTH names users only together with one.
  if (!options.user.empty() && !options.password) options.password.emplace();
  const auto path = url.encoded_path();
  const auto database = database_in({path.data(), path.size()});
  if (!database) return wrong("a number is all that may stand behind the host: the database.");
  options.database = *database;
  return options;
}

}  // namespace parley
