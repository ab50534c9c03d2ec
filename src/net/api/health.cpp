// What a load balancer and a monitoring system ask.
#include "net/api/routes.hpp"
#include "net/router.hpp"

namespace parley {
namespace {

constexpr auto status_ok = R"({"status":"ok"})";

void handle_health(const api_call_ptr& call) { call->answer(200, status_ok); }

void handle_readiness(const api_call_ptr& call) {
  const auto& services = call->services;
  if (services.unready || services.draining) return call->fail(unavailable("node: it is about to stop"));
  if (services.store_is_ready && !services.store_is_ready())
    return call->fail(unavailable("store: it does not answer"));
  call->answer(200, status_ok);
}

void handle_metrics(const api_call_ptr& call) {
  call->respond({200, to_prometheus(call->services.counts), "text/plain; version=0.0.4"});
}

}  // namespace

void add_health_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::get, "/healthz", access::open, handle_health);
  routes.add(verb::get, "/readyz", access::open, handle_readiness);
  routes.add(verb::get, "/metrics", access::open, handle_metrics);
}

}  // namespace parley
