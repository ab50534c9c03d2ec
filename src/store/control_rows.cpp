// The words of tb_control_event.
#include "store/control_rows.hpp"

#include <stdexcept>

#include "store/token_text.hpp"

namespace parley {
namespace {

constexpr std::size_t hex_of_token = 64;

std::string text_of(const std::vector<token_hash>& tokens) {
  std::string text;
  text.reserve(tokens.size() * hex_of_token);
  for (const auto& token : tokens) text += to_hex(token);
  return text;
}

std::optional<std::vector<token_hash>> tokens_of(std::string_view text) {
  if (text.size() % hex_of_token != 0) return std::nullopt;
  std::vector<token_hash> tokens;
  for (; !text.empty(); text.remove_prefix(hex_of_token)) {
    const auto token = parse_token_hash(text.substr(0, hex_of_token));
    if (!token) return std::nullopt;
    tokens.push_back(*token);
  }
  return tokens;
}

/// Only what a revocation closes with.
std::optional<close_code> close_code_of(std::string_view text) {
  for (const auto code : {close_code::token_ended, close_code::not_allowed}) {
    if (text == std::to_string(static_cast<int>(code))) return code;
  }
  return std::nullopt;
}

struct row_maker {
  control_row operator()(const tokens_ended& what) const {
    control_row row{"tokens_ended"};
    row.word = std::to_string(static_cast<int>(what.code));
    row.token_hashes = text_of(what.tokens);
    return row;
  }
  control_row operator()(const account_outdated&) const { return {"account_outdated"}; }
  control_row operator()(const role_given& what) const {
    control_row row{"role_given"};
    row.word = to_string(what.granted);
    return row;
  }
  control_row operator()(const membership_stored& what) const {
    control_row row{what.joined ? "member_joined" : "member_left"};
    row.room = what.room;
    row.room_seq = what.seq;
    return row;
  }
  control_row operator()(const friendship_stored& what) const {
    control_row row{"friendship"};
    row.other = what.other;
    row.by = what.by;
    row.word = to_string(what.status);
    return row;
  }
  control_row operator()(const presence_stored& what) const {
    control_row row{"presence"};
    row.word = what.is_online ? "on" : "off";
    row.at = what.last_seen;
    row.version = what.version;
    return row;
  }
  control_row operator()(const not_understood&) const {
    throw std::logic_error("nobody can write what he does not know");
  }
};

}  // namespace

control_row row_of(const control_event& event) { return std::visit(row_maker{}, event.what); }

std::optional<control_event> event_of(const user_id& user, const control_row& row) {
  const std::string_view word = row.word ? std::string_view(*row.word) : std::string_view();
  if (row.kind == "tokens_ended") {
    const auto code = close_code_of(word);
    auto tokens = tokens_of(row.token_hashes ? std::string_view(*row.token_hashes) : std::string_view());
    if (!code || !tokens) return std::nullopt;
    return control_event{user, tokens_ended{std::move(*tokens), *code}};
  }
  if (row.kind == "account_outdated") return control_event{user, account_outdated{}};
  if (row.kind == "role_given") {
    const auto granted = parse_role(word);
    if (!granted) return std::nullopt;
    return control_event{user, role_given{*granted}};
  }
  if (row.kind == "member_joined" || row.kind == "member_left") {
    if (!row.room || !row.room_seq) return std::nullopt;
    return control_event{user, membership_stored{*row.room, *row.room_seq, row.kind == "member_joined"}};
  }
  if (row.kind == "presence") {
    if ((word != "on" && word != "off") || !row.version) return std::nullopt;
    return control_event{user, presence_stored{word == "on", row.at, *row.version}};
  }
  if (row.kind == "friendship") {
    const auto status = word == to_string(friend_status::none) ? friend_status::none : parse_friend_status(word);
    if (!status || !row.other || !row.by) return std::nullopt;
    return control_event{user, friendship_stored{*row.other, *status, *row.by}};
  }
  return std::nullopt;
}

}  // namespace parley
