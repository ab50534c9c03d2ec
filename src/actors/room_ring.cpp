// The ring of a room's newest events: bounds, rewriting after edits and deletes, pages.
#include "actors/room_ring.hpp"

#include <algorithm>

namespace parley {

namespace {

constexpr std::int64_t most_unread = 1'000;

/// What an edit or a delete needs to encode the event anew. Field by field, so that the text is not copied first.
message_posted without_content(const message_posted& of) {
  return {of.message,  of.sender,   of.display_name,  std::nullopt,
          of.file_url, of.reply_to, of.client_msg_id, of.created_at};
}

}  // namespace

room_ring::room_ring(limits bounds, sequence last, const frame_encoder& encoder, gauge& node_total)
    : bounds_(bounds), last_(last), encoder_(encoder), node_total_(node_total) {}

room_ring::~room_ring() { node_total_.add(-static_cast<std::int64_t>(bytes_)); }

void room_ring::append(const durable_event& event, shared_bytes bytes, std::uint32_t offset, std::uint32_t length) {
  room_ = event.room;
  entry item;
  item.bytes = std::move(bytes);
  item.offset = offset;
  item.length = length;
  if (const auto* posted = std::get_if<message_posted>(&event.body)) {
    item.deleted = !posted->content && !posted->file_url;
    item.message = without_content(*posted);
  } else if (const auto* edited = std::get_if<message_edited>(&event.body)) {
    if (edited->content) rewrite(edited->message, edited->content, false);
    item.message = message_edited{edited->message, edited->by, std::nullopt, edited->edited_at};
  } else if (const auto* gone = std::get_if<message_deleted>(&event.body)) {
    rewrite(gone->message, std::nullopt, true);
  }
  entries_.push_back(std::move(item));
  last_ = event.seq;
  count(entries_.back());
  while (entries_.size() > bounds_.events || (bytes_ > bounds_.bytes && !entries_.empty())) forget_oldest();
  shrink_if_over_budget();
}

void room_ring::shrink_if_over_budget() {
  if (node_total_.value() <= static_cast<std::int64_t>(bounds_.node_bytes)) return;
  const auto keep = entries_.size() / 2;
  while (entries_.size() > keep) forget_oldest();
}

room_ring::extent room_ring::measure(sequence after, std::uint32_t max_events, std::size_t max_bytes) const {
  extent found;
  for (auto i = index_after(after); i < entries_.size() && found.events < max_events; ++i) {
    if (found.events > 0 && found.bytes + entries_[i].length > max_bytes) break;
    found.bytes += entries_[i].length;
    ++found.events;
  }
  return found;
}

void room_ring::copy(std::string& out, sequence after, std::uint32_t events) const {
  const auto begin = index_after(after);
  for (auto i = begin; i < begin + events; ++i) {
    out.append(*entries_[i].bytes, entries_[i].offset, entries_[i].length);
  }
}

std::optional<std::int64_t> room_ring::unread(user_id user, sequence after) const {
  if (!covers(after)) return std::nullopt;
  std::int64_t found = 0;
  for (auto i = index_after(after); i < entries_.size() && found < most_unread; ++i) {
    const auto* posted = std::get_if<message_posted>(&entries_[i].message);
    if (posted != nullptr && posted->sender != user && !entries_[i].deleted) ++found;
  }
  return found;
}

void room_ring::rewrite(message_id message, const std::optional<std::string>& content, bool deleted) {
  auto seq = floor();
  for (auto& item : entries_) {
    ++seq;
    if (auto* posted = std::get_if<message_posted>(&item.message); posted != nullptr && posted->message == message) {
      item.deleted = deleted;
      if (deleted) posted->file_url.reset();
      auto body = *posted;
      body.content = content;
      encode_again(item, seq, body);
    } else if (auto* edited = std::get_if<message_edited>(&item.message);
               edited != nullptr && edited->message == message) {
      auto body = *edited;
      body.content = content;
      encode_again(item, seq, body);
    }
  }
}

void room_ring::encode_again(entry& item, sequence seq, const event_body& body) {
  auto bytes = std::make_shared<std::string>();
  encoder_.append_event(*bytes, durable_event{room_, seq, body});
  item.offset = 0;
  item.length = static_cast<std::uint32_t>(bytes->size());
  item.bytes = std::move(bytes);
  bytes_ -= item.cost;
  node_total_.add(-static_cast<std::int64_t>(item.cost));
  count(item);
}

void room_ring::count(entry& item) {
  item.cost = item.length + sizeof(entry);
  bytes_ += item.cost;
  node_total_.add(static_cast<std::int64_t>(item.cost));
}

void room_ring::forget_oldest() {
  bytes_ -= entries_.front().cost;
  node_total_.add(-static_cast<std::int64_t>(entries_.front().cost));
  entries_.pop_front();
}

}  // namespace parley
