// Checks of the options, and Redis' address with Boost.URL.
#include "across/options.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <stdexcept>

#include "across/stamp.hpp"

namespace parley::bench {

void validate(const across_options& options) {
  if (!options.node_urls.empty() && options.node_urls.size() != 2)
    throw std::invalid_argument("--node is given twice: first the senders' node, then the receivers'");
  if (options.node_urls.empty() && !(options.redis_url.empty() && options.store_url.empty()))
    throw std::invalid_argument("--redis and --store are for a cluster that is named with --node");
  if (!options.node_urls.empty() && !options.settings.empty())
    throw std::invalid_argument("--set is for nodes that are started here");
  if (options.size < stamp_digits)
    throw std::invalid_argument("--size is at least " + std::to_string(stamp_digits) + ": a message bears its number");
}

redis_address parse_redis_address(const std::string& url) {
  const auto parsed = boost::urls::parse_uri({url.data(), url.size()});
  if (parsed.has_error() || parsed->scheme() != "redis" || parsed->host_address().empty())
    throw std::invalid_argument("Redis' address reads redis://user:password@host:port/database");
  redis_address out;
  out.host = parsed->host_address();
  if (parsed->has_port()) out.port = parsed->port_number();
  out.user = parsed->user();
  if (parsed->has_password()) out.password = parsed->password();
  const auto path = parsed->encoded_path();
  if (path.size() > 1) {
    const auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), out.database);
    if (error != std::errc() || end != path.data() + path.size())
      throw std::invalid_argument("behind the host of Redis' address stands the number of a database");
  }
  if (out.port == 0) throw std::invalid_argument("the port of Redis is a number from 1 to 65535");
  return out;
}

}  // namespace parley::bench
