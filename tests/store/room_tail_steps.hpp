// The steps of tests of rooms' tails: batches that enter them, and pages as texts.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

#include "database_fixture.hpp"
#include "event_stream_fixture.hpp"

namespace parley::test {

/// As a node that has just stored it.
inline std::shared_ptr<const stream_batch> fresh(stream_batch batch) {
  batch.since = std::chrono::steady_clock::now();
  return std::make_shared<const stream_batch>(std::move(batch));
}
/// Messages whose ids are their seqs.
inline std::shared_ptr<const stream_batch> said(const room_id& room, sequence first, std::size_t count = 1,
                                                const std::string& content = "hello") {
  return fresh(*make_batch(room, first, count, content));
}
inline std::shared_ptr<const stream_batch> edited(const room_id& room, sequence seq, sequence message,
                                                  const std::string& content) {
  const message_edited body{message_id(numbered_uuid(static_cast<std::uint64_t>(message))), user_id(numbered_uuid(1)),
                            content, time_at(seq)};
  return fresh({room, {{room, seq, body}}});
}
inline std::shared_ptr<const stream_batch> deleted(const room_id& room, sequence seq, sequence message) {
  const message_deleted body{message_id(numbered_uuid(static_cast<std::uint64_t>(message))), user_id(numbered_uuid(1)),
                             time_at(seq)};
  return fresh({room, {{room, seq, body}}});
}

/// A writer learns at its first append what is there, and keeps tails from then on.
inline void begin_to_keep(bus_node& node) {
  begin(node);
  append(node, make_batch(room_id(numbered_uuid(999)), 1));
  listen(node, std::chrono::milliseconds(0));
}

/// A line for each event, or what the page is instead.
inline std::vector<std::string> read_tail(room_tail_reader& tails, const tail_question& question) {
  const auto pages = expect_value(tails.read(std::vector{question}));
  EXPECT_EQ(pages.size(), 1U);
  const auto& page = pages.front();
  if (page.what == tail_page::kind::behind) return {"behind"};
  if (page.what == tail_page::kind::missing) return {"missing"};
  std::vector<std::string> lines;
  for (const auto& event : page.events) {
    const auto* posted = std::get_if<message_posted>(&event.body);
    const auto* changed = std::get_if<message_edited>(&event.body);
    const auto text = posted != nullptr    ? posted->content.value_or("none")
                      : changed != nullptr ? "edit " + changed->content.value_or("none")
                                           : "deletion";
    lines.push_back(fmt::format("{} {}", event.seq, text));
  }
  return lines;
}

}  // namespace parley::test
