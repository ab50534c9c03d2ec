// Whose word about a client's address is believed: net.trusted_proxies.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/beast/http/fields.hpp>
#include <string>
#include <vector>

#include "parley/config.hpp"
#include "parley/error.hpp"

namespace parley {

/// Never changed once made; safe from any thread.
class trusted_proxies {
 public:
  /// Addresses ("10.0.0.7", "::1") and networks ("10.0.0.0/8"); the error names the one that is neither.
  static result<trusted_proxies> parse(const std::vector<std::string>& listed);

  /// `peer` is the connection's other end. From a trusted one, X-Forwarded-For is read from its end: each trusted
  /// proxy appended whom it heard, so that the first address that is no proxy's is the client's, and what stands before
  /// it is the client's own invention. An IPv4 address in IPv6's form is taken as IPv4.
  [[nodiscard]] std::string client_address(const std::string& peer, const boost::beast::http::fields& headers) const;

 private:
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;

  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
};

/// What tries are counted by: the address itself, of IPv6 its /64, since one household has as many as it likes.
std::string counted_address(const std::string& address);

}  // namespace parley
