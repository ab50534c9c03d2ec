// How a shard hands a room's batch to its connections: the loop that costs most, so no allocation for a recipient in
// it.
#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "net/delivery_shard.hpp"
#include "net/frame_deflater.hpp"
#include "net/outbound_layer.hpp"

namespace parley {

namespace {

/// Where each departing user's events end. Nearly always empty; searched for every recipient when it is not.
class departure_index {
 public:
  explicit departure_index(const encoded_batch& batch) : none_(static_cast<std::uint32_t>(batch.ends.size())) {
    for (const auto& gone : batch.departures) places_.try_emplace(gone.user, gone.index);
  }
  [[nodiscard]] std::uint32_t of(const user_id& user) const {
    if (places_.empty()) return none_;
    const auto found = places_.find(user);
    return found == places_.end() ? none_ : found->second;
  }
  [[nodiscard]] bool departs(std::uint32_t place) const { return place != none_; }

 private:
  std::uint32_t none_;
  std::unordered_map<user_id, std::uint32_t> places_;
};

}  // namespace

/// A connection, and soon after it what it points at.
void delivery_shard::fetch_ahead(const std::vector<room_attachment>& members, std::size_t place) {
  constexpr auto ahead = outbound_layer::fetched_ahead;
  if (place + 2 * ahead < members.size())
    __builtin_prefetch(static_cast<const connection*>(members[place + 2 * ahead].connection));
  if (place + ahead < members.size())
    static_cast<const connection*>(members[place + ahead].connection)->layer->prefetch();
}

void delivery_shard::handle(room_delivery& what) {
  // First, so that nothing that fails below leaves the room waiting for its turn.
  if (what.on_handed_on) run_after_work(std::move(what.on_handed_on));
  index_answers(what);
  const departure_index departures(*what.batch);
  departed_.clear();
  std::uint32_t recipients = 0;
  if (attached_room* room = rooms_.find(what.batch->room)) {
    recipients = static_cast<std::uint32_t>(room->members.size());
    auto& members = room->members;
    for (std::size_t i = 0; i < members.size(); ++i) {
      fetch_ahead(members, i);
      auto& member = members[i];
      const std::uint32_t departs_at = departures.of(member.user);
      deliver_to(member, what, departs_at);
      if (departures.departs(departs_at)) departed_.push_back(static_cast<connection*>(member.connection));
    }
  }
  for (connection* left : departed_) rooms_.detach(*left, what.batch->room);
  // Who is not attached gets its answers at once.
  for (connection* to : answered_) {
    if (to->answers_of_batch != batch_stamp_) continue;
    collect_answers(*to, what);
    for (const placed_answer* answer : own_answers_) push_answer(*to, *answer);
  }
  if (compression_saved_ > 0) counts_.compression_saved_bytes_total.add(std::exchange(compression_saved_, 0));
  counts_.last_messages.note_delivered(what.batch->room, what.batch->first_seq, what.batch->ends.size(), recipients,
                                       std::chrono::steady_clock::now());
}

/// Links each connection's answers in order, so that the loop over recipients finds them without a search.
void delivery_shard::index_answers(const room_delivery& what) {
  ++batch_stamp_;
  answered_.clear();
  next_answer_.assign(what.answers.size(), 0);
  for (std::uint32_t i = 0; i < what.answers.size(); ++i) {
    connection* to = find(what.answers[i].to.number);
    if (to == nullptr) continue;
    if (to->answers_of_batch != batch_stamp_) {
      to->answers_of_batch = batch_stamp_;
      to->first_answer = i;
      answered_.push_back(to);
    } else {
      next_answer_[to->last_answer] = i;
    }
    to->last_answer = i;
  }
}

void delivery_shard::collect_answers(const connection& to, const room_delivery& what) {
  own_answers_.clear();
  for (std::uint32_t i = to.first_answer;; i = next_answer_[i]) {
    own_answers_.push_back(&what.answers[i]);
    if (i == to.last_answer) break;
  }
}

void delivery_shard::deliver_to(room_attachment& member, const room_delivery& what, std::uint32_t departs_at) {
  auto& to = static_cast<connection&>(*member.connection);
  const encoded_batch& batch = *what.batch;
  const auto count = static_cast<std::uint32_t>(batch.ends.size());
  if (to.answers_of_batch != batch_stamp_) {
    std::uint32_t first = 0;
    if (member.position >= batch.first_seq) {
      first = static_cast<std::uint32_t>(std::min<sequence>(member.position - batch.first_seq + 1, count));
    }
    if (const std::uint32_t end = std::min(departs_at, count); first < end) push_events(to, what.batch, first, end);
  } else {
    collect_answers(to, what);
    to.answers_of_batch = 0;
    pieces_.clear();
    cut_batch(batch, member.position, departs_at, own_answers_, pieces_);
    for (const batch_piece& piece : pieces_) {
      if (piece.answer != nullptr) {
        push_answer(to, *piece.answer);
      } else {
        push_events(to, what.batch, piece.first_event, piece.end_event);
      }
    }
  }
  member.position = std::max<sequence>(member.position, batch.first_seq + count - 1);
}

void delivery_shard::push_events(connection& to, const std::shared_ptr<const encoded_batch>& batch, std::uint32_t first,
                                 std::uint32_t end) {
  const auto push_stretch = [&](const auto& owner) {
    const std::uint32_t begin = event_begin(owner->ends, first);
    const std::uint32_t size = event_begin(owner->ends, end) - begin;
    push(to, {std::shared_ptr<const char>(owner, owner->bytes.data() + begin), size, end - first, slice_kind::frames});
    return size;
  };
  const auto frames = to.takes_compressed ? compressed(*batch) : nullptr;
  if (frames == nullptr) {
    push_stretch(batch);
  } else {
    const std::uint32_t plain_size = event_begin(batch->ends, end) - event_begin(batch->ends, first);
    compression_saved_ += plain_size - push_stretch(frames);
  }
}

/// Whichever shard has the first recipient who takes it does the work, for all shards. Null when it gains nothing.
std::shared_ptr<const compressed_frames::frames> delivery_shard::compressed(const encoded_batch& batch) {
  return batch.compressed.get([&] {
    if (!deflater_) deflater_ = std::make_unique<frame_deflater>();
    counts_.bytes_compressed_total.add(batch.bytes.size());
    return deflater_->compress(batch);
  });
}

void delivery_shard::push_answer(connection& to, const placed_answer& answer) {
  if (answer.frame) push(to, make_slice(answer.frame, 1, slice_kind::frames));
  note_answers(to, {.count = 1, .durable = 1});
}

}  // namespace parley
