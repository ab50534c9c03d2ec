// Matches segment by segment; two dozen routes need no tree.
#include "net/router.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "net/api/routes.hpp"

namespace parley {

namespace http = boost::beast::http;

namespace {

bool is_variable(const std::string& segment) { return segment.starts_with('{'); }

std::optional<std::vector<std::string>> parameters_of(const std::vector<std::string>& pattern,
                                                      const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return std::nullopt;
  std::vector<std::string> parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_variable(pattern[i])) {
      if (segments[i].empty()) return std::nullopt;
      parameters.push_back(segments[i]);
    } else if (pattern[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return parameters;
}

std::string joined(const std::set<std::string>& methods) {
  std::string out;
  for (const auto& method : methods) out += (out.empty() ? "" : ", ") + method;
  return out;
}

}  // namespace

void router::add(http::verb method, std::string_view pattern, access who, handler run) {
  std::vector<std::string> segments;
  for (std::size_t at = 0; at < pattern.size();) {
    const auto end = std::min(pattern.find('/', at + 1), pattern.size());
    segments.emplace_back(pattern.substr(at + 1, end - at - 1));
    at = end;
  }
  routes_.push_back({method, pattern, std::move(segments), who, run});
}

router::match router::find(http::verb method, const std::vector<std::string>& segments, bool by_operator) const {
  std::set<std::string> allowed;
  for (const auto& known : routes_) {
    auto parameters = parameters_of(known.segments, segments);
    if (!parameters || (known.who == access::operators && !by_operator)) continue;
    if (known.method == method || (known.method == http::verb::get && method == http::verb::head)) {
      return found{known.run, known.who, known.pattern, *std::move(parameters)};
    }
    const auto name = http::to_string(known.method);
    allowed.emplace(name.data(), name.size());
    if (known.method == http::verb::get) allowed.emplace("HEAD");
  }
  if (allowed.empty()) return nowhere{};
  allowed.emplace("OPTIONS");
  return wrong_method{joined(allowed)};
}

const router& api_router() {
  static const router routes = [] {
    router made;
    add_auth_routes(made);
    add_me_routes(made);
    add_admin_routes(made);
    add_operator_routes(made);
    add_user_routes(made);
    add_friend_routes(made);
    add_room_routes(made);
    add_message_routes(made);
    add_file_routes(made);
    add_search_routes(made);
    add_moderation_routes(made);
    add_health_routes(made);
    return made;
  }();
  return routes;
}

}  // namespace parley
