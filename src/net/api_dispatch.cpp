// By path and method, then by token.
#include "net/api_dispatch.hpp"

#include "net/credentials_from_request.hpp"
#include "net/http_response.hpp"
#include "net/router.hpp"
#include "net/static_files.hpp"

namespace parley {
namespace {

namespace http = boost::beast::http;

void run(const api_call_ptr& call, router::found route, peer_kind peer, const std::function<bool()>& take_place) {
  call->route = route.pattern;
  call->parameters = std::move(route.parameters);
  const bool counts = call->target.segments.front() == "api";  // health is answered however full we are
  if (counts && !take_place()) return call->fail(busy("node: too many requests at once", 1'000));
  if (route.who == access::open) return route.run(call);
  auto token = bearer_token(call->request);
  const bool is_staffs = route.who == access::staff || route.who == access::operators;
  if (is_staffs && peer == peer_kind::machine_operator && !token) {
    call->by_operator = true;
    return route.run(call);
  }
  if (!token) return call->fail(make_error(error_code::unauthenticated, "Authorization: is missing"));
  ask(call, authenticate{*std::move(token)}, [call, handler = route.run](const principal& who) {
    call->who = who;
    handler(call);
  });
}

}  // namespace

void dispatch(const api_call_ptr& call, peer_kind peer, const std::function<bool()>& take_place) {
  const auto method = call->request.method();
  auto match = api_router().find(method, call->target.segments, peer == peer_kind::machine_operator);
  if (auto* route = std::get_if<router::found>(&match)) return run(call, std::move(*route), peer, take_place);
  std::string allow;
  if (const auto* wrong = std::get_if<router::wrong_method>(&match)) allow = wrong->allow;
  const auto* file = allow.empty() ? find_static_file(call->target.path) : nullptr;
  if (file != nullptr) allow = "GET, HEAD, OPTIONS";
  if (allow.empty()) return call->fail(not_found("path: there is nothing here"));
  if (method == http::verb::options) {
    return call->respond(options_reply(call->request, allow, call->services.settings));
  }
  if (file == nullptr || (method != http::verb::get && method != http::verb::head)) {
    return call->respond(method_not_allowed(allow));
  }
  const auto known = call->request[http::field::if_none_match];
  call->respond(static_file_reply(*file, {known.data(), known.size()}));
}

}  // namespace parley
