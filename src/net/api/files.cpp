// Uploading, signing and downloading files.
#include <algorithm>
#include <charconv>

#include "net/api/routes.hpp"
#include "net/credentials_from_request.hpp"
#include "net/field_rules.hpp"
#include "net/file_download.hpp"
#include "net/file_upload.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"
#include "parley/clock.hpp"

namespace parley {
namespace {

void handle_upload(const api_call_ptr& call) { start_file_upload(call); }

void handle_sign(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  auto url = body->required_text("file_url");
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, sign_file{call->who, std::move(url)}, [call](const sign_file::reply& signed_address) {
    std::string json;
    json::object_writer(json).field("url", signed_address.url).field("expires_at", signed_address.expires_at);
    call->answer(200, std::move(json));
  });
}

/// What a signed address has in its query; nothing when it is none of ours.
std::optional<file_signature> signature_of_query(const http_target& target) {
  const auto user = user_id::parse(target.query_field("user").value_or(""));
  const auto expires = target.query_field("expires").value_or("");
  auto code = target.query_field("signature");
  std::int64_t seconds = 0;
  const auto [end, ec] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  // Beyond that the milliseconds of a timestamp would not hold it.
  constexpr std::int64_t latest = 100'000'000'000;
  if (!user || !code || ec != std::errc() || end != expires.data() + expires.size() || seconds < 0 ||
      seconds > latest) {
    return std::nullopt;
  }
  return file_signature{*user, timestamp(std::chrono::seconds(seconds)), std::move(*code)};
}

void open(const api_call_ptr& call, const open_file& request, user_id reader, std::int64_t cache_seconds) {
  ask(call, request, [call, request, reader, cache_seconds](const stored_file& file) {
    answer_with_file(call, request, file, reader, cache_seconds);
  });
}

/// By a token, or by a signed address, which pages put where no header can be sent.
void handle_download(const api_call_ptr& call) {
  const auto file = file_id::parse(call->parameters.at(0));
  if (!file) return call->fail(not_found("file: there is no such file."));
  open_file request{principal{}, *file, call->parameters.at(1)};
  if (call->target.query_field("signature")) {
    const auto signature = signature_of_query(call->target);
    if (!signature) return call->fail(not_found("file: there is no such file."));
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(signature->expires_at - system_clock().now());
    request.who = *signature;
    return open(call, request, signature->user, std::max<std::int64_t>(left.count(), 0));
  }
  auto token = bearer_token(call->request);
  if (!token) return call->fail(make_error(error_code::unauthenticated, "Authorization: is missing"));
  ask(call, authenticate{*std::move(token)}, [call, request](const principal& who) {
    auto by_token = request;
    by_token.who = who;
    open(call, by_token, who.user.id, 0);
  });
}

void handle_list(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  ask(call, list_own_files{call->who, *range}, [call](const own_files& mine) {
    std::string json;
    json::object_writer(json)
        .field("items", mine.files.items)
        .field("next_cursor", mine.files.next_cursor)
        .field("used_bytes", mine.used_bytes)
        .field("quota_bytes", call->limits().file_quota_bytes);
    call->answer(200, std::move(json));
  });
}

void handle_delete(const api_call_ptr& call) {
  const auto file = file_id::parse(call->parameters.at(0));
  if (!file) return call->fail(not_found("file: there is no such file."));
  ask(call, delete_own_file{call->who, *file, call->parameters.at(1)},
      [call](std::monostate) { call->answer_nothing(); });
}

}  // namespace

void add_file_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::post, "/api/v1/files", access::user, handle_upload);
  routes.add(verb::post, "/api/v1/files/sign", access::user, handle_sign);
  routes.add(verb::get, "/api/v1/files", access::user, handle_list);
  routes.add(verb::get, "/api/v1/files/{file_id}/{name}", access::open, handle_download);
  routes.add(verb::delete_, "/api/v1/files/{file_id}/{name}", access::user, handle_delete);
}

}  // namespace parley
