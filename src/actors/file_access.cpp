// Looks files up for whoever asks, and signs their addresses.
#include "actors/file_access.hpp"

#include <fmt/format.h>

#include "actors/queries.hpp"
#include "parley/permissions.hpp"

namespace parley {
namespace {

using std::chrono::seconds;

error no_such_file() { return not_found("file: there is no such file."); }

std::int64_t unix_seconds(timestamp at) { return std::chrono::duration_cast<seconds>(at.time_since_epoch()).count(); }

/// What is signed. No part of it can contain the separator.
std::string signed_text(const std::string& url, user_id user, timestamp expires_at) {
  return fmt::format("{}\n{}\n{}", url, to_string(user), unix_seconds(expires_at));
}

/// Whoever is suspended sees nothing any more, however fresh the address.
result<void> check_signer(database_reader& store, const file_signature& by, const std::string& url,
                          const std::string& key, std::optional<timestamp> now) {
  if ((now && *now >= by.expires_at) || !signature_fits(by.code, signed_text(url, by.user, by.expires_at), key)) {
    return no_such_file();
  }
  const auto user = store.user(by.user);
  if (!user) return user.error();
  if (!*user || (*user)->flag != account_flag::active) return no_such_file();
  return {};
}

/// What is reported, moderators must see.
bool may_see_reports(database_reader& store, user_id user) {
  const auto found = store.user(user);
  return found && *found &&
         permission(operation::decide_reports, (*found)->profile.user_role, standing::outsider) == verdict::allowed;
}

result<stored_file> file_of(database_reader& store, user_id user, file_id file, std::string_view url) {
  auto found = store.file_for(user, file);
  if (!found) return found.error();
  if (!*found && may_see_reports(store, user)) found = store.reported_file(file);
  if (!found) return found.error();
  if (!*found || file_url_of(file, (*found)->name) != url) return no_such_file();
  return std::move(**found);
}

}  // namespace

result<stored_file> find_file(database_reader& store, const open_file& ask, const std::string& key, timestamp now) {
  const auto url = file_url_of(ask.file, ask.name);
  if (const auto* signature = std::get_if<file_signature>(&ask.who)) {
    const auto not_later_than = ask.is_under_way ? std::nullopt : std::optional(now);
    if (const auto checked = check_signer(store, *signature, url, key, not_later_than); !checked) {
      return checked.error();
    }
    return file_of(store, signature->user, ask.file, url);
  }
  const auto& who = std::get<principal>(ask.who);
  auto found = file_of(store, who.user.id, ask.file, url);
  if (!found) return found;
  if (const auto valid = check_token(store, who, now); !valid) return valid.error();
  return found;
}

result<sign_file::reply> sign_address(database_reader& store, const sign_file& ask, const std::string& key,
                                      seconds period, timestamp now) {
  const auto file = file_of_url(ask.file_url);
  if (!file) return no_such_file();
  const auto found = file_of(store, ask.who.user.id, *file, ask.file_url);
  if (!found) return found.error();
  if (const auto valid = check_token(store, ask.who, now); !valid) return valid.error();
  const auto length = period.count();
  const timestamp expires_at{seconds((unix_seconds(now) / length + 2) * length)};
  const auto user = ask.who.user.id;
  return sign_file::reply{
      fmt::format("{}?user={}&expires={}&signature={}", ask.file_url, to_string(user), unix_seconds(expires_at),
                  signature_of(signed_text(ask.file_url, user, expires_at), key)),
      expires_at};
}

}  // namespace parley
