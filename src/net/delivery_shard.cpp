// The shard's queue and tables: every call of the delivery port, in the order in which it came.
#include "net/delivery_shard.hpp"

#include <boost/asio/post.hpp>
#include <exception>

#include "net/frame_deflater.hpp"
#include "net/message_inflater.hpp"
#include "net/outbound_layer.hpp"
#include "parley/log.hpp"

namespace parley {

namespace {
/// Addresses are never used twice in a process, whichever shard they are on.
std::atomic<std::uint64_t> last_number{0};
}  // namespace

delivery_shard::delivery_shard(std::uint32_t index, const config& settings, metrics& counts,
                               const delivery_lease& lease, std::unique_ptr<frame_sender> sender)
    : index_(index),
      bounds_{settings.limits.outbox_bytes, settings.limits.outbox_frames},
      counts_(counts),
      lease_(lease),
      sender_(std::move(sender)),
      overload_(std::chrono::milliseconds(settings.limits.overload_ms)),
      most_frame_bytes_(settings.limits.frame_bytes),
      decoder_(settings.limits),
      most_broadcasts_(settings.net.broadcast_queue) {}

// The drain's timer must go before the context.
delivery_shard::~delivery_shard() { drain_.reset(); }

void delivery_shard::run() {
  for (;;) {
    try {
      context_.run();
      break;
    } catch (const std::exception& e) {
      // A handler's exception costs its connection (its operations are gone with it), never the thread.
      log::error("net", "handler_failed", "shard {}: {}", index_, e.what());
      in_work_ = false;
      for (outbound_layer* layer : std::exchange(flushing_, {})) {
        layer->is_dirty = false;
        mark_dirty(*layer);
      }
      schedule_work();
    }
  }
  dirty_.clear();
  layers_.clear();
  ended_ = true;
  drop_all();  // what waits may hold actors that are to end
}

void delivery_shard::enqueue(shard_work work) {
  if (ended_) return;
  // Nothing else slows those who make them down: rooms have credit for batches, answers are bounded by their questions.
  if (std::holds_alternative<room_broadcast>(work)) {
    if (waiting_broadcasts_.fetch_add(1, std::memory_order_relaxed) >= most_broadcasts_) {
      waiting_broadcasts_.fetch_sub(1, std::memory_order_relaxed);
      return counts_.ephemeral_dropped_total.add();
    }
    counts_.broadcast_queue.add(1);
  }
  if (queue_.push(std::move(work))) {
    boost::asio::post(context_, [this] { this->work(); });
  }
}

connection_ref delivery_shard::register_connection(outbound_layer& layer, connection_events& events, frame_form takes) {
  const std::uint64_t number = last_number.fetch_add(1, std::memory_order_relaxed) + 1;
  connection& added = connections_[number];
  added.layer = &layer;
  added.events = &events;
  added.number = number;
  added.takes_compressed = takes == frame_form::compressed;
  counts_.websocket_connections.add(1);
  return {index_, number};
}

void delivery_shard::unregister_connection(connection_ref ref) {
  const auto found = connections_.find(ref.number);
  if (found == connections_.end()) return;
  rooms_.detach_all(found->second);
  connections_.erase(found);
  counts_.websocket_connections.add(-1);
}

delivery_shard::connection* delivery_shard::find(std::uint64_t number) {
  const auto found = connections_.find(number);
  return found == connections_.end() ? nullptr : &found->second;
}

message_inflater& delivery_shard::inflater() {
  if (!inflater_) inflater_ = std::make_unique<message_inflater>(most_frame_bytes_, frame_decoder::padding_bytes);
  return *inflater_;
}

void delivery_shard::schedule_work() {
  if (work_posted_ || in_work_) return;
  work_posted_ = true;
  boost::asio::post(context_, [this] {
    work_posted_ = false;
    work();
  });
}

void delivery_shard::work() {
  in_work_ = true;
  // Before the queue is taken: what ended on another node stands in it when the lease that goes with it can be seen.
  const bool may_deliver = lease_.holds(std::chrono::steady_clock::now());
  const std::uint64_t term = lease_.term();
  queue_.take_all([this, may_deliver](shard_work&& item) {
    if ((may_deliver && held_.empty()) || !must_wait(item)) {
      take(item);
    } else {
      hold(std::move(item));
    }
  });
  term_heard_ = term;
  if (may_deliver && !held_.empty()) release_held();
  flush();
  in_work_ = false;
  tell_owners();
  if (!held_.empty()) look_at_lease_again();
}

void delivery_shard::take(shard_work& item) {
  try {
    std::visit([this](auto& what) { handle(what); }, item);
  } catch (const std::exception& e) {
    log::error("net", "delivery_failed", "shard {}: {}", index_, e.what());
  }
  detach_closing();
}

void delivery_shard::handle(room_broadcast& what) {
  waiting_broadcasts_.fetch_sub(1, std::memory_order_relaxed);
  counts_.broadcast_queue.add(-1);
  attached_room* room = rooms_.find(what.room);
  if (room == nullptr) return;
  for (const room_attachment& member : room->members) {
    if (what.except && member.user == *what.except) continue;
    push(static_cast<connection&>(*member.connection), make_slice(what.frame, 1, slice_kind::ephemeral));
  }
}

void delivery_shard::handle(attach_work& what) {
  connection* to = find(what.number);
  if (to == nullptr || to->is_closing) return;
  const shared_bytes& before = what.what.before;
  if (before && !before->empty()) push(*to, make_slice(before, count_frames(*before), slice_kind::frames));
  if (!to->is_closing) rooms_.attach(*to, what.what.room, what.what.user, what.what.position);
}

void delivery_shard::handle(detach_work& what) {
  if (connection* from = find(what.number)) rooms_.detach(*from, what.room);
}

void delivery_shard::handle(send_work& what) {
  connection* to = find(what.number);
  if (to == nullptr || to->is_closing) {
    if (what.when_drained) run_after_work(std::move(what.when_drained));
    return;
  }
  if (what.what.frames && !what.what.frames->empty()) {
    push(*to, make_slice(what.what.frames, what.what.frame_count,
                         what.what.ephemeral ? slice_kind::ephemeral : slice_kind::frames));
  }
  const auto durable = what.what.answers_durable ? what.what.answers : 0;
  note_answers(*to, {.count = what.what.answers, .durable = durable, .refused = what.what.is_error ? durable : 0});
  if (what.when_drained) to->layer->when_drained(std::move(what.when_drained));
}

void delivery_shard::handle(close_work& what) {
  connection* of = find(what.number);
  if (of == nullptr || of->is_closing) return;
  of->layer->push_close(what.code);
  note_closing(*of, what.code);
}

void delivery_shard::handle(revoke_work& what) {
  for (outbound_layer* layer : layers_) {
    if (layer->is_owned_by(what.what)) layer->push_revocation(what.what.code, what.ended);
  }
  for (auto& [number, of] : connections_) {
    if (!of.is_closing && of.layer->is_owned_by(what.what)) note_closing(of, what.what.code);
  }
}

void delivery_shard::handle(fail_work& what) {
  for (const auto& [attached, position] : rooms_.remove(what.room)) {
    const auto number = static_cast<connection*>(attached)->number;
    run_after_work([this, number, room = what.room, at = position] {
      if (connection* of = find(number)) of->events->on_room_failed(room, at);
    });
  }
}

void delivery_shard::push(connection& to, outbound_slice slice) {
  if (to.is_closing) return;
  switch (to.layer->push(std::move(slice))) {
    case outbox::outcome::queued:
    case outbox::outcome::sealed:
      break;
    case outbox::outcome::dropped:
      counts_.ephemeral_dropped_total.add();
      break;
    case outbox::outcome::too_slow:
      counts_.closed_too_slow_total.add();
      to.layer->push_too_slow();
      note_closing(to, close_code::too_slow);
      break;
  }
}

void delivery_shard::note_answers(connection& to, const answered_frames& what) {
  if (what.count == 0) return;
  if (to.answers_due.count == 0) credited_.push_back(to.number);
  to.answers_due.count += what.count;
  to.answers_due.durable += what.durable;
  to.answers_due.refused += what.refused;
}

void delivery_shard::note_closing(connection& of, close_code code) {
  of.is_closing = true;
  closing_.emplace_back(of.number, code);
}

void delivery_shard::detach_closing() {
  for (; detached_closing_ < closing_.size(); ++detached_closing_) {
    if (connection* of = find(closing_[detached_closing_].first)) rooms_.detach_all(*of);
  }
}

void delivery_shard::tell_owners() {
  // Owners may unregister themselves and others, so each is looked up anew; one that throws harms only itself.
  const auto guarded = [this](auto&& tell) {
    try {
      tell();
    } catch (const std::exception& e) {
      log::error("net", "connection_failed", "shard {}: {}", index_, e.what());
    }
  };
  for (const std::uint64_t number : std::exchange(credited_, {})) {
    connection* of = find(number);
    if (of == nullptr) continue;
    guarded([&] { of->events->on_answers(std::exchange(of->answers_due, {})); });
  }
  detached_closing_ = 0;
  for (const auto& [number, code] : std::exchange(closing_, {})) {
    if (connection* of = find(number)) guarded([&, code = code] { of->events->on_closing(code); });
  }
  for (const auto& task : std::exchange(after_work_, {})) guarded(task);
}

void delivery_shard::run_after_work(std::function<void()> task) {
  after_work_.push_back(std::move(task));
  schedule_work();
}

}  // namespace parley
