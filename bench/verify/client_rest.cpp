// What a client sends by REST: at any node, on a connection of its own, so that nothing follows from the order of the
// answers. The event comes on the client's WebSocket like everybody else's.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "verify/client.hpp"
#include "verify/json_fields.hpp"

namespace parley::bench {
namespace {

/// A stopped node says nothing. Whether it has stored the message, the same key tells then.
constexpr double post_patience_seconds = 4;

/// Empty when it is none, as of a proxy.
boost::json::object object_in(const std::string& text) {
  boost::json::error_code ec;
  const auto value = boost::json::parse(text, ec);
  return !ec && value.is_object() ? value.as_object() : boost::json::object();
}

/// Nothing where one of its fields is missing, or cannot be.
std::optional<ledger::send_ack> ack_in(const boost::json::object& data) {
  const auto* is_duplicate = data.if_contains("duplicate");
  ledger::send_ack ack{text_field(data, "message_id"), number_field(data, "seq"), false};
  if (ack.message.empty() || ack.seq <= 0 || is_duplicate == nullptr || !is_duplicate->is_bool()) return std::nullopt;
  ack.is_duplicate = is_duplicate->as_bool();
  return ack;
}

}  // namespace

void client::post_key(const std::string& key, int room) {
  auto node = state_.pick(state_.nodes.size());
  if (static_cast<int>(node) == state_.dead_node) node = (node + 1) % state_.nodes.size();
  const auto path = fmt::format("/api/v1/rooms/{}/messages", state_.room_ids[static_cast<std::size_t>(room)]);
  const auto body = fmt::format(R"({{"content":"{}"}})", ledger::text_of(key, 0));
  const where there{who_.number, 0, static_cast<int>(node)};
  const auto text = fmt::format("POST {}, Idempotency-Key: {}, {}", path, key, body);
  state_.log.add({state_.now(), there, room, 0, '>', state_.log.intern(text)});
  ++state_.posts;
  rest_request request{"POST", path, who_.token, body};
  request.idempotency_key = key;
  auto exchange = std::make_unique<rest_exchange>(state_.nodes[node], request);
  posts_.push_back({key, room, there.node, state_.now(), std::move(exchange)});
}

void client::advance_posts() {
  std::vector<post> over;
  for (auto& each : posts_) {
    const bool goes_on = each.exchange->advance();
    if (!goes_on || state_.now() - each.began > post_patience_seconds) over.push_back(std::move(each));
  }
  std::erase_if(posts_, [](const post& each) { return each.exchange == nullptr; });
  for (const auto& each : over) on_post_over(each);
}

void client::on_post_over(const post& what) {
  const where there{who_.number, 0, what.node};
  const auto now = state_.now();
  const auto& answer = what.exchange->answer();
  const auto data = answer ? object_in(answer->body) : boost::json::object();
  const auto text = answer ? fmt::format("{} {}", answer->status, answer->body) : std::string("no answer");
  const auto seq = number_field(data, "seq");
  state_.log.add({now, there, what.room, seq, '<', state_.log.intern(text)});
  // The same answer would come again.
  const auto give_up = [&](broken kind, const std::string& why) {
    state_.found.add({kind, there, what.room, 0, now, why});
    pending_.erase(what.key);
  };
  if (answer && answer->status >= 200 && answer->status < 300) {
    const auto ack = ack_in(data);
    if (!ack) return give_up(broken::unanswered, "a send by REST was done, and its answer is no ack: " + text);
    ++state_.posts_acknowledged;
    state_.reached(what.room, seq);
    state_.book.acknowledged(what.room, what.key, *ack, there, now);
    return note_sent(what.room, what.key, *ack);
  }
  ++state_.errors[answer ? text_field(data, "code") : text];
  if (answer && answer->status >= 400 && answer->status < 500 && answer->status != 429)
    return give_up(broken::refused, text);
  const auto wait = state_.between(0.05, 0.25) + static_cast<double>(number_field(data, "retry_after_ms")) / 1000;
  send_later(what.key, now + wait);
}

}  // namespace parley::bench
