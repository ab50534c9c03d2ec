// Batches of a room's commands: ids and times on the way in, answers in their places on the way out.
#include "actors/room_batcher.hpp"

#include <algorithm>
#include <utility>

#include "actors/command_bytes.hpp"

namespace parley {

room_batcher::room_batcher(room_id room, limits bounds, const frame_encoder& encoder, id_source& ids, gauge& shown)
    : room_(room), bounds_(bounds), encoder_(encoder), ids_(ids), shown_(shown) {}

room_batcher::~room_batcher() { shown_.add(-static_cast<std::int64_t>(queue_.size() + under_way_.size())); }

bool room_batcher::add(command_ptr command) {
  if (queue_.size() >= bounds_.queue_commands) return false;
  queue_.push_back(std::move(command));
  shown_.add();
  return true;
}

std::vector<append_command> room_batcher::take_batch(timestamp at) {
  std::vector<append_command> batch;
  if (!under_way_.empty() || queue_.empty()) return batch;
  const auto count = std::min(queue_.size(), std::max<std::size_t>(bounds_.batch_commands, 1));
  batch.reserve(count);
  for (std::size_t bytes = 0; batch.size() < count && bytes < bounds_.batch_bytes;) {
    under_way_.push_back(std::move(queue_.front()));
    queue_.pop_front();
    batch.push_back(prepare(*under_way_.back(), at));
    bytes += bytes_of(batch.back());
  }
  ++batch_number_;
  return batch;
}

append_command room_batcher::prepare(pending_command& command, timestamp at) {
  append_command prepared;
  prepared.room = room_;
  prepared.actor = command.user;
  prepared.at = at;
  if (command.new_id.is_nil()) command.new_id = ids_.next();
  prepared.new_id = command.new_id;
  prepared.membership_ids = std::move(command.membership_ids);
  if (const auto* invite = std::get_if<invite_members>(&command.command)) {
    while (prepared.membership_ids.size() < invite->users.size()) prepared.membership_ids.push_back(ids_.next());
  }
  prepared.command = std::move(command.command);
  return prepared;
}

bool room_batcher::may_hold(const durable_event& event) const {
  return std::any_of(under_way_.begin(), under_way_.end(), [&](const command_ptr& command) {
    return std::visit(
        [&]<class Body>(const Body& body) {
          if constexpr (std::is_same_v<Body, message_posted>) {
            return body.message == message_id(command->new_id);
          } else {
            return body.by == command->user;
          }
        },
        event.body);
  });
}

std::vector<message_trace::stored> room_batcher::stored_messages(const std::vector<append_outcome>& outcomes) const {
  std::vector<message_trace::stored> messages;
  for (std::size_t i = 0; i < under_way_.size() && i < outcomes.size(); ++i) {
    const auto& outcome = outcomes[i];
    if (!outcome || outcome->duplicate || outcome->events.empty()) continue;
    const auto& event = outcome->events.front();
    const auto* posted = std::get_if<message_posted>(&event.body);
    if (posted != nullptr) messages.push_back({posted->message, event.seq, under_way_[i]->accepted});
  }
  return messages;
}

std::vector<order_item> room_batcher::finish(std::vector<append_outcome> outcomes) {
  auto commands = std::exchange(under_way_, {});
  shown_.add(-static_cast<std::int64_t>(commands.size()));
  std::vector<order_item> items;
  items.reserve(commands.size());
  for (std::size_t i = 0; i < commands.size() && i < outcomes.size(); ++i) {
    finish_one(std::move(commands[i]), std::move(outcomes[i]), items);
  }
  return items;
}

void room_batcher::finish_one(command_ptr command, append_outcome outcome, std::vector<order_item>& out) const {
  const auto& from = command->connection;
  const bool answer_in_place = from && from->wants_answer;
  // A refusal that nobody takes credit for goes by the reply, whose receiver sends it as it is.
  if (from && !answer_in_place && !outcome) return command->reply(outcome.error());

  order_item last;
  if (answer_in_place)
    last.reply = connection_answer{from->connection, encode_answer(*command, outcome), command->reply};
  if (outcome && !outcome->duplicate) {
    for (std::size_t i = 0; i < outcome->events.size(); ++i) {
      // REST is told the events as well; a connection's answer is encoded already.
      auto event = from ? std::move(outcome->events[i]) : outcome->events[i];
      if (i + 1 == outcome->events.size()) {
        last.event = std::move(event);
      } else {
        out.push_back({std::move(event), std::nullopt, {}});
      }
    }
  }
  if (from && !answer_in_place) {
    last.on_released = [command = std::move(command)] { command->reply(change_room::reply{}); };  // only noted
  } else if (!from) {
    last.on_released = [command = std::move(command), outcome = std::move(outcome)]() mutable {
      if (!outcome) return command->reply(outcome.error());
      change_room::reply reply;
      if (!outcome->events.empty()) reply.ack = ack_of(outcome->events.front(), outcome->duplicate);
      reply.is_duplicate = outcome->duplicate;
      if (!outcome->duplicate) reply.events = std::move(outcome->events);
      command->reply(std::move(reply));
    };
  }
  out.push_back(std::move(last));
}

shared_bytes room_batcher::encode_answer(const pending_command& command, const append_outcome& outcome) const {
  auto frame = std::make_shared<std::string>();
  const auto& id = command.connection->frame_id;
  if (!outcome) {
    encoder_.append_error(*frame, id, outcome.error());
  } else if (outcome->events.empty()) {
    encoder_.append_ack(*frame, id, empty_ack{});
  } else {
    encoder_.append_ack(*frame, id, ack_of(outcome->events.front(), outcome->duplicate));
  }
  return frame;
}

void room_batcher::fail_batch(const error& why) {
  auto commands = std::exchange(under_way_, {});
  shown_.add(-static_cast<std::int64_t>(commands.size()));
  for (const auto& command : commands) command->reply(why);
}

void room_batcher::fail_queue(const error& why) {
  auto commands = std::exchange(queue_, {});
  shown_.add(-static_cast<std::int64_t>(commands.size()));
  for (const auto& command : commands) command->reply(why);
}

}  // namespace parley
