// One REST request on its way through a handler: what it may read, whom it may ask, and how it answers.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/body_stream.hpp"
#include "net/connection_context.hpp"
#include "net/http_target.hpp"
#include "net/problem.hpp"
#include "net/request_body.hpp"
#include "parley/client_ports.hpp"
#include "parley/metrics.hpp"

namespace parley {

/// Shared by a handler and the callbacks it leaves behind; all members are used on the connection's I/O
/// thread only.
struct api_call {
  http_request request;
  http_target target;
  std::vector<std::string> parameters;  ///< The path's variable parts, in order.
  principal who;                        ///< Of routes for users: whom the token speaks for.
  bool by_operator = false;             ///< It came by the admin socket without a token; `who` is nobody.
  std::string remote_address;           ///< The client's; see trusted_proxies.
  net_services& services;
  boost::asio::any_io_executor executor;
  /// Called exactly once. Use `answer` and its kin.
  std::function<void(http_reply)> respond;
  /// The pattern of its path, for the log: the path itself is the client's text.
  std::string_view route;
  /// Of routes that read their body themselves; null when it was short and stands in `request`.
  std::shared_ptr<body_stream> body{};

  [[nodiscard]] const limits_config& limits() const { return services.settings.limits; }

  /// Of routes for staff: nobody is the operator.
  [[nodiscard]] std::optional<principal> staff() const { return by_operator ? std::nullopt : std::optional(who); }

  void answer(unsigned status, std::string json) { respond({status, std::move(json)}); }
  void answer_nothing() { respond({204, {}, {}, {}}); }
  /// An `internal` error also enters the log.
  void fail(const error& what);

  /// The path's parameter as an id; answers `bad_request` and gives nothing when it is none.
  template <class Id>
  std::optional<Id> identity(std::size_t parameter, std::string_view name) {
    auto parsed = Id::parse(parameters.at(parameter));
    if (!parsed) fail(bad_request(std::string(name) + ": must be a UUID"));
    return parsed;
  }
};

using api_call_ptr = std::shared_ptr<api_call>;

/// Asks the broker; the outcome comes to `on_outcome` on the connection's thread. The callback gives all that it holds
/// to that thread: the last handle to a connection must not be dropped on an actor's.
template <class Request, class F>
void ask_broker(broker& actors, const boost::asio::any_io_executor& executor, Request request, F on_outcome) {
  using reply_type = typename Request::reply;
  // A plain capture would be const, and its copy die on the actor's thread.
  actors.ask(std::move(request), [executor, on_outcome = std::move(on_outcome)](result<reply_type> reply) mutable {
    boost::asio::post(executor, [on_outcome = std::move(on_outcome), reply = std::move(reply)]() mutable {
      on_outcome(std::move(reply));
    });
  });
}

/// The same for a handler, whose answer an error becomes.
template <class Request, class F>
void ask(const api_call_ptr& call, Request request, F on_reply) {
  ask_broker(call->services.actors, call->executor, std::move(request),
             [call, on_reply = std::move(on_reply)](const result<typename Request::reply>& reply) {
               if (!reply) return call->fail(reply.error());
               try {
                 on_reply(*reply);
               } catch (const std::exception&) {
                 call->fail(make_error(error_code::internal, "The server could not build its answer."));
               }
             });
}

}  // namespace parley
