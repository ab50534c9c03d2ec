// A room's state: releasing what has come into order, and planning replays.
#include "actors/room_state.hpp"

#include <algorithm>
#include <utility>

namespace parley {

room_state::room_state(const room_snapshot& snapshot, const replay_config& limits, const frame_encoder& encoder,
                       gauge& node_ring_bytes)
    : id_(snapshot.id),
      is_group_(snapshot.is_group),
      name_(snapshot.name),
      members_(snapshot.members.begin(), snapshot.members.end()),
      encoder_(encoder),
      order_(snapshot.last_seq),
      ring_({limits.ring_events, limits.ring_bytes, limits.ring_budget_bytes}, snapshot.last_seq, encoder,
            node_ring_bytes) {}

std::optional<room_release> room_state::release() {
  auto run = order_.release();
  if (run.empty()) return std::nullopt;
  room_release out;
  auto batch = std::make_shared<encoded_batch>();
  batch->room = id_;
  batch->first_seq = run.events.empty() ? released() + 1 : run.events.front().seq;
  batch->ends.reserve(run.events.size());
  for (const auto& event : run.events) {
    encoder_.append_event(batch->bytes, event);
    batch->ends.push_back(static_cast<std::uint32_t>(batch->bytes.size()));
  }
  const shared_bytes bytes(batch, &batch->bytes);
  std::uint32_t begin = 0;
  for (std::uint32_t i = 0; i < run.events.size(); ++i) {
    apply(run.events[i], i, out, *batch);
    ring_.append(run.events[i], bytes, begin, batch->ends[i] - begin);
    begin = batch->ends[i];
  }
  out.batch = std::move(batch);
  out.answers = std::move(run.answers);
  out.on_released = std::move(run.on_released);
  return out;
}

void room_state::apply(const durable_event& event, std::uint32_t index, room_release& out, encoded_batch& batch) {
  if (const auto* joined = std::get_if<member_joined>(&event.body)) {
    members_.insert(joined->user);
    out.memberships.push_back({joined->user, std::nullopt});
  } else if (const auto* left = std::get_if<member_left>(&event.body)) {
    members_.erase(left->user);
    out.memberships.push_back({left->user, left->reason});
    batch.departures.push_back({left->user, index});
  } else if (const auto* renamed = std::get_if<room_renamed>(&event.body)) {
    name_ = renamed->name;
  }
}

replay_step room_state::plan_replay(user_id user, sequence after, std::uint32_t events_left) const {
  using kind = replay_step::kind;
  if (!is_member(user)) return {kind::not_member, after, 0, {}};
  if (after > released()) return {kind::beyond_end, after, 0, {}};
  const auto missing = released() - after;
  if (missing > 0 && events_left == 0) return {kind::limit, after, 0, {}};
  if (!ring_.covers(after)) return {kind::read_store, released(), 0, {}};

  const auto fits = ring_.measure(after, std::min(events_left, page_events), page_bytes);
  replay_step step{kind::page, after + fits.events, fits.events, {}};
  if (fits.events == missing && fits.bytes <= page_bytes) {
    step.what = kind::attach;
  } else if (fits.events == events_left && fits.events < missing) {
    step.what = kind::limit;
  }
  step.frames.reserve(fits.bytes + 256);  // replay_end may follow
  ring_.copy(step.frames, after, fits.events);
  return step;
}

}  // namespace parley
