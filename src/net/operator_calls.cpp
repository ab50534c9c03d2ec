// Runs one handler of the API for the operator, on the caller's thread.
#include "net/operator_calls.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "net/api_call.hpp"
#include "net/router.hpp"

namespace parley {

http_reply answer_operator(net_services& services, http_request request) {
  const std::string raw_target(request.target().data(), request.target().size());
  auto target = parse_target(raw_target);
  if (!target) return problem(target.error());
  const auto method = request.method();
  auto match = api_router().find(method, target->segments, true);
  auto* route = std::get_if<router::found>(&match);
  const bool is_staffs = route != nullptr && (route->who == access::staff || route->who == access::operators);
  if (!is_staffs) return problem(not_found("path: there is nothing here for the operator"));

  boost::asio::io_context here;
  const auto waiting = boost::asio::make_work_guard(here);
  std::optional<http_reply> reply;
  auto call = std::make_shared<api_call>(api_call{std::move(request),
                                                  *std::move(target),
                                                  std::move(route->parameters),
                                                  {},
                                                  true,
                                                  {},
                                                  services,
                                                  here.get_executor(),
                                                  {},
                                                  route->pattern});
  call->respond = [&reply](http_reply made) { reply = std::move(made); };
  route->run(call);
  while (!reply) here.run_one();
  return std::move(*reply);
}

}  // namespace parley
