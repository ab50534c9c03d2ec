// What a guest tries when he is out, and what must not come of it.
#include <fmt/format.h>

#include <cstdlib>

#include "verify/guest.hpp"
#include "verify/json_fields.hpp"
#include "verify/population.hpp"

namespace parley::bench {
namespace {

constexpr double shortest_wait = 0.5;  ///< For what must not come.
constexpr double longest_wait = 6;     ///< For a node that stands still.
constexpr double probe_seconds = 0.5;
constexpr double long_share = 0.1;  ///< Of the removals: watched for as long as a node may stand still.

}  // namespace

bool guest::tell_outlived(const char* check, const std::string& text) {
  ++report_.outlived[check];
  if (outlived_ >= most_outlived) return false;
  ++outlived_;
  tell(broken::outlived, text);
  return true;
}

void guest::try_afterwards(way_out how) {
  const auto began = state_.now();
  const bool ends_log_in = how != way_out::removal;
  const bool waits_long = ends_log_in || std::bernoulli_distribution(long_share)(random_);
  const auto post = fmt::format(R"({{"content":"{}"}})", out_by_);
  for (;;) {
    const auto passed = state_.now() - began;
    const bool may_go = wire_ == nullptr || (!waits_long && answered_out_ > 0);
    if (passed > longest_wait || (passed > shortest_wait && may_go)) break;
    if (wire_ != nullptr && is_ready_) ++report_.tries;
    send();
    ask("POST", "/api/v1/rooms/" + rooms_.back() + "/messages", host_token_, post);
    ++report_.tries;
    take(pace_ms);
  }
  if (!ends_log_in || wire_ == nullptr) return;
  const bool answers = answered_out_ > 0 && last_error_ != "unavailable" && state_.now() - heard_at_ < 1;
  if (answers)
    tell_outlived("a socket stayed open", fmt::format("was {}, and node {} has not closed his socket", out_by_, node_));
  wire_.reset();
}

void guest::try_token(const std::string& token) {
  for (std::size_t node = 0; node < state_.nodes.size(); ++node) {
    ++report_.tries;
    try {
      const auto status = call(state_.nodes[node], {"GET", "/api/v1/rooms", token, {}, call_patience_ms}).status;
      if (is_good(status))
        tell_outlived("a token was taken", fmt::format("was {}, and node {} took his token then", out_by_, node));
    } catch (const std::exception&) {
      continue;  // it is dead or stands still
    }
  }
  try_to_connect(token);
}

void guest::try_to_connect(const std::string& token) {
  ++report_.tries;
  const int node = any_node();
  wire probe(state_.nodes[static_cast<std::size_t>(node)], "/ws?replay=none", token);
  bool is_in = false;
  const auto look = [&](std::string_view payload) {
    is_in = is_in || payload.find("\"ready\"") != std::string_view::npos;
  };
  const auto until = state_.now() + probe_seconds;
  while (probe.advance(look) && !is_in && state_.now() < until) probe.wait(pace_ms);
  if (is_in)
    tell_outlived("a connection was taken", fmt::format("was {}, and could connect to node {} then", out_by_, node));
}

void guest::try_to_read() {
  ++report_.tries;
  if (is_good(ask("GET", "/api/v1/rooms/" + rooms_.back() + "/messages", token_)))
    tell_outlived("a room was told",
                  fmt::format("was {}, and node {} told him what stands in the room", out_by_, asked_));
}

/// What was taken without an answer. A frame of one who was removed may be taken when he is in the room again.
void guest::look_at_log() {
  for (const auto& room : rooms_)
    for (const auto& event : read_log(state_.nodes.front(), host_token_, room)) {
      const auto content = text_field(event.frame.at("data").as_object(), "content");
      if (!content.starts_with(said_afterwards)) continue;
      const bool is_kept = tell_outlived(
          "a send was stored", fmt::format("sent a message, '{}', which is stored with seq {}", content, event.seq));
      if (is_kept) report_.found.back().at = std::strtod(content.c_str() + content.rfind("at ") + 3, nullptr);
    }
}

}  // namespace parley::bench
