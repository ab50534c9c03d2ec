// The model of the shards, written from the port's comments alone.
#include "model_delivery.hpp"

#include <algorithm>
#include <sstream>

namespace parley::testing {

bool model_delivery::idle() const {
  return std::all_of(queues_.begin(), queues_.end(), [](const auto& queue) { return queue.empty(); });
}

bool model_delivery::run_one(std::uint32_t shard) {
  if (queues_[shard].empty()) return false;
  auto task = std::move(queues_[shard].front());
  queues_[shard].pop_front();
  task();
  return true;
}

void model_delivery::run_all() {
  for (std::uint32_t i = 0; i < shard_count(); ++i) {
    while (run_one(i)) {
    }
  }
}

void model_delivery::deliver(std::uint32_t shard, room_delivery what) {
  ++deliveries;
  queues_.at(shard).push_back([this, shard, what = std::move(what)] { hand_out(shard, what); });
}

void model_delivery::hand_out(std::uint32_t shard, const room_delivery& what) {
  for (auto& [ref, client] : connections) {
    if (ref.shard == shard) hand_to(ref, client, what);
  }
  ++served;
  if (what.on_handed_on) what.on_handed_on();
}

void model_delivery::hand_to(connection_ref to, connection& client, const room_delivery& what) {
  const auto& batch = *what.batch;
  const auto count = static_cast<std::uint32_t>(batch.ends.size());
  for (std::uint32_t i = 0; i <= count; ++i) {
    const auto place = client.attached.find(batch.room);
    const bool attached = place != client.attached.end();
    const auto seq = batch.first_seq + i;
    const bool live = attached && i < count && seq > place->second.second;
    const auto gone = std::find_if(batch.departures.begin(), batch.departures.end(), [&](const auto& departure) {
      return attached && departure.index == i && departure.user == place->second.first;
    });
    bool replaced = false;
    for (const auto& answer : what.answers) {
      if (answer.to != to || answer.index != i) continue;
      replaced = replaced || answer.replaces_event;
      add_lines(client, *answer.frame, answer.replaces_event && live ? "live " : "");
      ++client.answers;
    }
    if (gone != batch.departures.end()) {
      client.attached.erase(place);
      continue;
    }
    if (!live) continue;
    const auto begin = i == 0 ? 0 : batch.ends[i - 1];
    if (!replaced) add_lines(client, batch.bytes.substr(begin, batch.ends[i] - begin));
    place->second.second = seq;
  }
}

void model_delivery::broadcast(std::uint32_t shard, room_broadcast what) {
  queues_.at(shard).push_back([this, shard, what = std::move(what)] {
    for (auto& [ref, client] : connections) {
      const auto place = client.attached.find(what.room);
      if (ref.shard != shard || place == client.attached.end() || place->second.first == what.except) continue;
      add_lines(client, *what.frame);
    }
  });
}

void model_delivery::attach(connection_ref to, attachment what) {
  queues_.at(to.shard).push_back([this, to, what = std::move(what)] {
    auto& client = connections[to];
    if (what.before) add_lines(client, *what.before);
    client.attached[what.room] = {what.user, what.position};
  });
}

void model_delivery::detach(connection_ref from, room_id room) {
  queues_.at(from.shard).push_back([this, from, room] { connections[from].attached.erase(room); });
}

void model_delivery::send(connection_ref to, outgoing what, std::function<void()> when_drained) {
  queues_.at(to.shard).push_back([this, to, what = std::move(what), when_drained = std::move(when_drained)] {
    auto& client = connections[to];
    if (what.frames) add_lines(client, *what.frames);
    client.answers += what.answers;
    if (when_drained) when_drained();
  });
}

void model_delivery::close(connection_ref to, close_code code) {
  queues_.at(to.shard).push_back([this, to, code] { connections[to].closed = code; });
}

void model_delivery::fail_room(room_id room) {
  failed_rooms.push_back(room);
  for (std::uint32_t shard = 0; shard < shard_count(); ++shard) {
    queues_[shard].push_back([this, shard, room] {
      for (auto& [ref, client] : connections) {
        const auto place = client.attached.find(room);
        if (ref.shard != shard || place == client.attached.end()) continue;
        const auto position = place->second.second;
        client.attached.erase(place);
        if (on_room_failed) on_room_failed(ref, room, position);
      }
    });
  }
}

void model_delivery::add_lines(connection& client, const std::string& frames, const std::string& prefix) {
  std::istringstream text(frames);
  for (std::string line; std::getline(text, line);) client.lines.push_back(prefix + line);
}

}  // namespace parley::testing
