// Boost.JSON reads REST bodies: they are few, and their text need not be padded.
#include "net/request_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>
#include <limits>
#include <set>

#include "net/field_rules.hpp"

namespace parley {
namespace {

namespace bj = boost::json;

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_cursor_bytes = 512;

bj::string_view view(std::string_view text) { return {text.data(), text.size()}; }

/// Keeps the first of each, in order.
void drop_repeats(std::vector<user_id>& users) {
  std::set<user_id> seen;
  std::erase_if(users, [&](const user_id& user) { return !seen.insert(user).second; });
}

}  // namespace

result<request_body> request_body::parse(std::string_view text) {
  bj::parse_options options;
  options.max_depth = max_depth;
  bj::error_code failure;
  try {
    auto value = bj::parse(view(text), failure, {}, options);
    if (failure) return bad_request(fmt::format("body: must be valid JSON of at most {} levels", max_depth));
    if (!value.is_object()) return bad_request("body: must be a JSON object");
    return request_body(std::move(value.get_object()));
  } catch (const std::exception&) {
    return bad_request("body: could not be read");
  }
}

bool request_body::has(std::string_view field) const { return fields_.contains(view(field)); }

const bj::value* request_body::find(std::string_view field) const {
  const auto* value = fields_.if_contains(view(field));
  return value != nullptr && !value->is_null() ? value : nullptr;
}

std::optional<std::string> request_body::text(std::string_view field) {
  const auto* value = find(field);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    refuse(bad_request(fmt::format("{}: must be a string", field)));
    return std::nullopt;
  }
  std::string text(value->get_string().data(), value->get_string().size());
  require(check_no_nul(field, text));
  return text;
}

std::string request_body::required_text(std::string_view field) {
  auto value = text(field);
  if (!value) refuse(bad_request(fmt::format("{}: is missing", field)));
  return std::move(value).value_or("");
}

bool request_body::required_flag(std::string_view field) {
  const auto* value = find(field);
  if (value != nullptr && value->is_bool()) return value->get_bool();
  refuse(bad_request(fmt::format("{}: must be true or false", field)));
  return false;
}

bool request_body::flag(std::string_view field) {
  const auto* value = find(field);
  return value != nullptr && !value->is_null() && required_flag(field);
}

std::optional<uuid> request_body::identity(std::string_view field) {
  const auto given = text(field);
  if (!given) return std::nullopt;
  auto parsed = parse_uuid(*given);
  if (!parsed) refuse(bad_request(fmt::format("{}: must be a UUID", field)));
  return parsed;
}

std::vector<user_id> request_body::users(std::string_view field) {
  const auto* value = find(field);
  std::vector<user_id> users;
  if (value == nullptr) return users;
  if (!value->is_array()) {
    refuse(bad_request(fmt::format("{}: must be a list of UUIDs", field)));
    return users;
  }
  for (const auto& item : value->get_array()) {
    const auto user =
        item.is_string() ? user_id::parse({item.get_string().data(), item.get_string().size()}) : std::nullopt;
    if (!user) {
      refuse(bad_request(fmt::format("{}: must be a list of UUIDs", field)));
      return {};
    }
    users.push_back(*user);
  }
  drop_repeats(users);
  return users;
}

sequence request_body::required_position(std::string_view field) {
  const auto* value = find(field);
  if (value != nullptr && value->is_int64() && value->get_int64() >= 0) return value->get_int64();
  if (value != nullptr && value->is_uint64()) return std::numeric_limits<sequence>::max();  // beyond every room's end
  refuse(bad_request(fmt::format("{}: must be a whole number, 0 or more", field)));
  return 0;
}

void request_body::require(const result<void>& checked) {
  if (!checked) refuse(checked.error());
}

void request_body::refuse(error what) {
  if (!refusal_) refusal_ = std::move(what);
}

result<std::uint32_t> page_limit(const http_target& target) {
  constexpr std::uint32_t usual = 50;
  const auto given = target.query_field("limit");
  if (!given || given->empty()) return usual;
  std::uint32_t limit = 0;
  const auto [end, failure] = std::from_chars(given->data(), given->data() + given->size(), limit);
  if (failure == std::errc() && end == given->data() + given->size() && limit >= 1 && limit <= max_page_items)
    return limit;
  return bad_request(fmt::format("limit: between 1 and {}", max_page_items));
}

result<page_request> page_of(const http_target& target) {
  const auto limit = page_limit(target);
  if (!limit) return limit.error();
  page_request range{target.query_field("cursor"), *limit};
  if (range.cursor && range.cursor->empty()) range.cursor.reset();
  if (range.cursor && range.cursor->size() > max_cursor_bytes) {
    return bad_request(fmt::format("cursor: at most {} bytes", max_cursor_bytes));
  }
  return range;
}

result<std::optional<sequence>> position_field(const http_target& target, std::string_view field) {
  const auto given = target.query_field(field);
  if (!given || given->empty()) return std::optional<sequence>{};
  sequence seq = 0;
  const auto [end, failure] = std::from_chars(given->data(), given->data() + given->size(), seq);
  if (failure == std::errc() && end == given->data() + given->size() && seq >= 0) return std::optional(seq);
  return bad_request(fmt::format("{}: must be a whole number, 0 or more", field));
}

result<std::vector<user_id>> user_list_field(const http_target& target, std::string_view field, std::size_t most) {
  const auto given = target.query_field(field);
  if (!given) return bad_request(fmt::format("{}: is missing", field));
  std::vector<user_id> users;
  std::string_view rest = *given;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto user = user_id::parse(rest.substr(0, comma));
    if (!user) return bad_request(fmt::format("{}: must be UUIDs with commas between them", field));
    if (users.size() == most) return bad_request(fmt::format("{}: at most {}", field, most));
    users.push_back(*user);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  drop_repeats(users);
  return users;
}

}  // namespace parley
