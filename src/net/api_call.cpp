// Answers of REST handlers.
#include "net/api_call.hpp"

#include "parley/log.hpp"

namespace parley {

void api_call::fail(const error& what) {
  if (what.code == error_code::internal) {
    const auto method = request.method_string();
    log::error("http", "request_failed", "{} {}: {}", std::string_view(method.data(), method.size()), route,
               what.message);
  }
  respond(problem(what));
}

}  // namespace parley
