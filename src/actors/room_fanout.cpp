// Deliveries of a room to the shards: gathered while a shard is busy, never reordered.
#include "actors/room_fanout.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace parley {

room_fanout::room_fanout(delivery& out, const clock& time, room_id room, std::function<void(std::uint32_t)> on_ready)
    : out_(out), time_(time), room_(room), on_ready_(std::move(on_ready)), shards_(out.shard_count()) {}

void room_fanout::attach(connection_ref to, attachment what) {
  auto& shard = shards_.at(to.shard);
  if (!shard.owed.empty()) hand_over(to.shard);
  if (attached_.try_emplace(to, what.user).second) {
    ++shard.attachments;
    ++by_user_[what.user];
  }
  out_.attach(to, std::move(what));
}

void room_fanout::detach(connection_ref from) {
  if (!is_attached(from)) return;
  out_.detach(from, room_);
  forget(from);
}

void room_fanout::forget(connection_ref gone) {
  const auto found = attached_.find(gone);
  if (found == attached_.end()) return;
  let_go(*found);
  attached_.erase(found);
}

void room_fanout::let_go(const std::pair<const connection_ref, user_id>& attachment) {
  --shards_.at(attachment.first.shard).attachments;
  const auto of_user = by_user_.find(attachment.second);
  if (--of_user->second == 0) by_user_.erase(of_user);
}

void room_fanout::forget_user(user_id user) {
  std::erase_if(attached_, [&](const auto& item) {
    if (item.second != user) return false;
    let_go(item);
    return true;
  });
}

void room_fanout::deliver(const std::shared_ptr<const encoded_batch>& batch, std::vector<released_run::placed> answers,
                          bool is_own) {
  std::vector<std::vector<released_run::placed>> by_shard(shards_.size());
  for (auto& each : answers) by_shard.at(each.reply.to.shard).push_back(std::move(each));
  for (std::uint32_t i = 0; i < shards_.size(); ++i) {
    auto& shard = shards_[i];
    const bool concerned = shard.attachments > 0 && !batch->ends.empty();
    if (!concerned && by_shard[i].empty() && shard.owed.empty()) continue;
    shard.owed.push_back({batch, std::move(by_shard[i])});
    shard.owes_own = shard.owes_own || is_own;
    if (!batch->departures.empty() || has_served(shard, shard.handed_over)) hand_over(i);
  }
}

void room_fanout::shard_ready(std::uint32_t number) {
  auto& shard = shards_.at(number);
  if (!shard.owed.empty() && has_served(shard, shard.handed_over)) hand_over(number);
}

bool room_fanout::must_wait() {
  return std::any_of(shards_.begin(), shards_.end(),
                     [](const shard_state& shard) { return shard.owes_own || !has_served(shard, shard.last_own); });
}

bool room_fanout::has_served(const shard_state& shard, std::uint64_t deliveries) {
  if (deliveries == 0) return true;
  auto& by = *shard.of_shard;
  if (by.served >= deliveries) return true;
  by.is_awaited = true;
  return by.served >= deliveries;
}

steady_time room_fanout::served_at() const {
  steady_time latest{};
  for (const auto& shard : shards_) {
    if (shard.last_own > 0) latest = std::max(latest, shard.of_shard->served_at.load(std::memory_order_relaxed));
  }
  return latest;
}

bool room_fanout::owes() const {
  return std::any_of(shards_.begin(), shards_.end(), [](const shard_state& shard) { return !shard.owed.empty(); });
}

void room_fanout::flush() {
  for (std::uint32_t i = 0; i < shards_.size(); ++i) {
    if (!shards_[i].owed.empty()) hand_over(i);
  }
}

void room_fanout::hand_over(std::uint32_t number) {
  auto& shard = shards_[number];
  auto next = gather(std::exchange(shard.owed, {}));
  room_delivery what;
  what.batch = std::move(next.batch);
  for (const auto& each : next.answers) {
    what.answers.push_back({each.reply.to, each.index, each.replaces_event, each.reply.frame});
  }
  if (!shard.of_shard) shard.of_shard = std::make_shared<credit>();
  what.on_handed_on = [by = shard.of_shard, on_ready = on_ready_, &time = time_, number] {
    by->served_at.store(time.steady_now(), std::memory_order_relaxed);
    ++by->served;
    if (by->is_awaited.exchange(false)) on_ready(number);
  };
  ++shard.handed_over;
  if (std::exchange(shard.owes_own, false)) shard.last_own = shard.handed_over;
  out_.deliver(number, std::move(what));
  // From here on the shard answers; the callback's news of a failure would be a second answer.
  for (const auto& each : next.answers) each.reply.pending(change_room::reply{});
}

room_fanout::owed_batch room_fanout::gather(std::vector<owed_batch> owed) {
  if (owed.size() == 1) return std::move(owed.front());
  auto merged = std::make_shared<encoded_batch>();
  std::vector<released_run::placed> answers;
  std::size_t bytes = 0;
  for (const auto& part : owed) bytes += part.batch->bytes.size();
  merged->bytes.reserve(bytes);
  merged->room = owed.front().batch->room;
  merged->first_seq = owed.front().batch->first_seq;
  for (auto& part : owed) {
    const auto events_before = static_cast<std::uint32_t>(merged->ends.size());
    const auto bytes_before = static_cast<std::uint32_t>(merged->bytes.size());
    merged->bytes += part.batch->bytes;
    for (const auto end : part.batch->ends) merged->ends.push_back(bytes_before + end);
    for (auto gone : part.batch->departures) {
      gone.index += events_before;
      merged->departures.push_back(gone);
    }
    for (auto& each : part.answers) {
      each.index += events_before;
      answers.push_back(std::move(each));
    }
  }
  return {std::move(merged), std::move(answers)};
}

void room_fanout::broadcast(const shared_bytes& frame, std::optional<user_id> except) {
  for (std::uint32_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].attachments > 0) out_.broadcast(i, {room_, frame, except});
  }
}

void room_fanout::send_to_user(user_id user, const shared_bytes& frame) {
  if (!has_attached(user)) return;
  for (const auto& [connection, owner] : attached_) {
    if (owner == user) out_.send(connection, {frame, 1, 0, true});
  }
}

}  // namespace parley
