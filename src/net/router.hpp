// Finds the handler of a method and path.
#pragma once

#include <boost/beast/http/verb.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/api_call.hpp"

namespace parley {

enum class access : std::uint8_t {
  open,       ///< Anybody.
  user,       ///< Who brings a token; api_call::who is set.
  staff,      ///< The same, or the operator by the admin socket; the roles are looked at behind the port.
  operators,  ///< Only by the admin socket; from elsewhere there is no such path.
};

/// Built once, then only read; safe from any thread.
class router {
 public:
  using handler = void (*)(const api_call_ptr&);

  /// In `pattern` a segment in braces stands for any text but none: "/api/v1/rooms/{room_id}". It is kept as a view: a
  /// literal.
  void add(boost::beast::http::verb method, std::string_view pattern, access who, handler run);

  struct found {
    handler run;
    access who;
    std::string_view pattern;
    std::vector<std::string> parameters;
  };
  struct wrong_method {
    std::string allow;  ///< "GET, HEAD, OPTIONS, POST"
  };
  struct nowhere {};
  using match = std::variant<nowhere, wrong_method, found>;

  /// HEAD finds GET's handler. OPTIONS is always a wrong method: its answer is the list of the right ones.
  /// Routes of operators are there for `by_operator` only.
  [[nodiscard]] match find(boost::beast::http::verb method, const std::vector<std::string>& segments,
                           bool by_operator = false) const;

 private:
  struct route {
    boost::beast::http::verb method;
    std::string_view pattern;
    std::vector<std::string> segments;
    access who;
    handler run;
  };
  std::vector<route> routes_;
};

/// Every path under /api/v1, and /healthz, /readyz, /metrics.
const router& api_router();

}  // namespace parley
