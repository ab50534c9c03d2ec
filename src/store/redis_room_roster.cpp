// A write is two round trips: does my part still stand, and then what has changed of it. A read is two: who is there,
// and all their parts.
#include "store/redis_room_roster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parley/clock.hpp"
#include "store/redis_connection.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

constexpr const char* most_nodes = "255";  ///< The place of the last one that is read.
constexpr std::string_view more_field = "more";
/// Of one command, so that Redis serves others between them.
constexpr std::size_t fields_at_once = 500;
/// What is older in the set of nodes has long had no part. By the nodes' clocks, which may differ.
constexpr std::chrono::minutes tidied_after{10};

std::string value_of(const roster_entry& entry) { return fmt::format("{} {}", entry.connections, entry.seq); }

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// Null for what is not understood, as of a newer node.
std::optional<roster_entry> entry_of(std::string_view room, std::string_view text) {
  const auto id = room_id::parse(room);
  const auto space = text.find(' ');
  if (!id || space == std::string_view::npos) return std::nullopt;
  const auto connections = number_in(text.substr(0, space));
  const auto seq = number_in(text.substr(space + 1));
  if (!connections || !seq) return std::nullopt;
  return roster_entry{*id, static_cast<std::uint32_t>(*connections), static_cast<sequence>(*seq)};
}

/// One command with many fields, cut into several.
class long_command {
 public:
  long_command(redis_pipeline& to, std::string_view name, std::string_view key) : to_(to), head_{name, key} {}
  ~long_command() { flush(); }
  long_command(const long_command&) = delete;
  long_command& operator=(const long_command&) = delete;

  void add(std::initializer_list<std::string> words) {
    for (const auto& word : words) words_.push_back(word);
    if (words_.size() >= fields_at_once) flush();
  }

 private:
  void flush() {
    if (words_.empty()) return;
    std::vector<std::string_view> all(head_.begin(), head_.end());
    all.insert(all.end(), words_.begin(), words_.end());
    to_.add(all);
    words_.clear();
  }

  redis_pipeline& to_;
  const std::vector<std::string_view> head_;
  std::vector<std::string> words_;
};

class redis_room_roster final : public room_roster {
 public:
  explicit redis_room_roster(redis_options options) : connection_(std::move(options)) {}

  result<void> write(const uuid& node, std::span<const roster_entry> rooms, std::uint64_t left_out) override {
    return guarded([&] {
      if (node_ && *node_ != node) take_away(*node_);
      const auto key = roster_key_of(node);
      const auto lifetime = std::to_string(roster_lifetime.count());
      redis_pipeline question;
      question.add({"PEXPIRE", key, lifetime});
      const auto stands = connection_.run(question).front()->integer == 1;
      if (!stands || node_ != node) written_.clear();
      redis_pipeline commands;
      if (!stands || node_ != node) commands.add({"DEL", key});
      // What may not have come there is written anew.
      const auto before = std::exchange(written_, {});
      node_.reset();
      auto now = add_changes(commands, key, before, rooms, left_out);
      commands.add({"PEXPIRE", key, lifetime});
      commands.add({"ZADD", roster_key, std::to_string(ms_of(system_clock().now())), to_string(node)});
      commands.add({"ZREMRANGEBYSCORE", roster_key, "-inf",
                    std::to_string(ms_of(system_clock().now()) - milliseconds(tidied_after).count())});
      connection_.run(commands);
      written_ = std::move(now);
      node_ = node;
    });
  }

  result<void> withdraw() override {
    return guarded([&] {
      if (node_) take_away(*node_);
    });
  }

  result<std::vector<node_rooms>> read() override {
    std::vector<node_rooms> nodes;
    const auto done = guarded([&] { nodes = try_read(); });
    if (!done) return done.error();
    return nodes;
  }

 private:
  using entries = std::unordered_map<room_id, roster_entry>;

  template <class Step>
  result<void> guarded(Step step) {
    try {
      step();
      return {};
    } catch (const redis_error& fault) {
      connection_.close();
      return unavailable(fault.what());
    }
  }

  static std::int64_t ms_of(timestamp at) { return at.time_since_epoch().count(); }

  static entries add_changes(redis_pipeline& commands, const std::string& key, const entries& before,
                             std::span<const roster_entry> rooms, std::uint64_t left_out) {
    entries now;
    now.reserve(rooms.size());
    {
      long_command set(commands, "HSET", key);
      set.add({std::string(more_field), std::to_string(left_out)});
      for (const auto& each : rooms) {
        now.emplace(each.room, each);
        const auto known = before.find(each.room);
        if (known == before.end() || known->second != each) set.add({to_string(each.room), value_of(each)});
      }
    }
    long_command remove(commands, "HDEL", key);
    for (const auto& [room, entry] : before) {
      if (!now.contains(room)) remove.add({to_string(room)});
    }
    return now;
  }

  void take_away(const uuid& node) {
    redis_pipeline commands;
    commands.add({"DEL", roster_key_of(node)});
    commands.add({"ZREM", roster_key, to_string(node)});
    connection_.run(commands);
    node_.reset();
    written_.clear();
  }

  std::vector<node_rooms> try_read() {
    redis_pipeline question;
    question.add({"ZRANGE", roster_key, "0", most_nodes});
    const auto there = connection_.run(question);
    std::vector<node_rooms> nodes;
    redis_pipeline commands;
    for (const auto* each : items_of(*there.front())) {
      const auto node = parse_uuid(text_of(*each));
      if (!node) continue;
      nodes.push_back({*node, {}, 0, {}});
      commands.add({"PTTL", roster_key_of(*node)});
      commands.add({"HGETALL", roster_key_of(*node)});
    }
    if (nodes.empty()) return nodes;
    const auto replies = connection_.run(commands);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].age = std::max(milliseconds(0), roster_lifetime - milliseconds(replies[2 * i]->integer));
      take(nodes[i], items_of(*replies[2 * i + 1]));
    }
    // Those without a part are gone, and stand in the set until it is tidied.
    std::vector<node_rooms> listed;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!items_of(*replies[2 * i + 1]).empty()) listed.push_back(std::move(nodes[i]));
    }
    return listed;
  }

  static void take(node_rooms& node, std::span<redisReply* const> fields) {
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      const auto name = text_of(*fields[i]);
      const auto text = text_of(*fields[i + 1]);
      if (name == more_field) {
        node.left_out = number_in(text).value_or(0);
      } else if (const auto entry = entry_of(name, text)) {
        node.rooms.push_back(*entry);
      }
    }
  }

  redis_connection connection_;
  std::optional<uuid> node_;  ///< Whose part `written_` is; null: nobody knows what stands there.
  entries written_;
};

}  // namespace

std::string roster_key_of(const uuid& node) { return fmt::format("{}:{}", roster_key, to_string(node)); }

std::unique_ptr<room_roster> open_redis_room_roster(redis_options options) {
  return std::make_unique<redis_room_roster>(std::move(options));
}

}  // namespace parley
