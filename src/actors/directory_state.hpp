// The directory's tables: parts activated by key, and the node's sessions by user. Pure state over any kind of handle.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parley/credentials.hpp"
#include "parley/delivery.hpp"
#include "parley/ids.hpp"

namespace parley {

/// Identifies an actor when only the news of its end is at hand.
using part_number = std::uint64_t;

/// Rooms or presence records that run on this node. Each part counts what it receives through the directory, and is let
/// go only when it has received all that was handed over; so no message goes to one that has ended.
template <class Key, class Handle>
class activation_table {
 public:
  /// The running part, which is about to be handed one more message. Null: make one and insert() it first.
  [[nodiscard]] const Handle* hand_over(const Key& key) {
    const auto found = parts_.find(key);
    if (found == parts_.end()) return nullptr;
    ++found->second.handed_over;
    return &found->second.handle;
  }
  void insert(const Key& key, Handle handle, part_number number) {
    parts_.insert_or_assign(key, part{std::move(handle), number, 0});
    keys_[number] = key;
  }
  /// True: the part has everything and is no longer here. False also for a part that was replaced meanwhile.
  [[nodiscard]] bool let_go(const Key& key, part_number number, std::uint64_t received) {
    const auto found = parts_.find(key);
    if (found == parts_.end() || found->second.number != number || found->second.handed_over != received) return false;
    keys_.erase(number);
    parts_.erase(found);
    return true;
  }
  /// A part ended without having been let go; the next use makes a new one.
  std::optional<Key> ended(part_number number) {
    const auto found = keys_.find(number);
    if (found == keys_.end()) return std::nullopt;
    const auto key = found->second;
    keys_.erase(found);
    parts_.erase(key);
    return key;
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [key, running] : parts_) visit(running.handle);
  }
  template <class Visit>
  void for_each_key(Visit visit) const {
    for (const auto& [key, running] : parts_) visit(key);
  }
  template <class Visit>
  void for_each_with_key(Visit visit) const {
    for (const auto& [key, running] : parts_) visit(key, running.handle);
  }
  [[nodiscard]] bool empty() const { return parts_.empty(); }

 private:
  struct part {
    Handle handle;
    part_number number = 0;
    std::uint64_t handed_over = 0;
  };
  std::unordered_map<Key, part> parts_;
  std::unordered_map<part_number, Key> keys_;
};

/// The open sessions of the node.
template <class Handle>
class session_table {
 public:
  struct session {
    user_id user;
    token_hash token;
    connection_ref connection;
    Handle handle;
  };

  void insert(session added, part_number number) {
    const auto user = added.user;
    const auto connection = added.connection;
    places_[number] = {user, connection};
    numbers_[connection] = number;
    by_user_[user].insert_or_assign(connection, std::move(added));
  }
  void erase(connection_ref connection) {
    const auto number = numbers_.find(connection);
    if (number != numbers_.end()) ended(number->second);
  }
  /// The session's actor ended; tells whose it was if it was still here.
  std::optional<std::pair<user_id, connection_ref>> ended(part_number number) {
    const auto found = places_.find(number);
    if (found == places_.end()) return std::nullopt;
    const auto place = found->second;
    places_.erase(found);
    numbers_.erase(place.second);
    const auto sessions = by_user_.find(place.first);
    sessions->second.erase(place.second);
    if (sessions->second.empty()) by_user_.erase(sessions);
    return place;
  }
  template <class Visit>
  void for_user(user_id user, Visit visit) const {
    const auto found = by_user_.find(user);
    if (found == by_user_.end()) return;
    for (const auto& [connection, each] : found->second) visit(each);
  }
  template <class Visit>
  void for_each_user(Visit visit) const {
    for (const auto& [user, sessions] : by_user_) visit(user, sessions.size());
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [user, sessions] : by_user_) {
      for (const auto& [connection, each] : sessions) visit(each);
    }
  }

 private:
  std::unordered_map<user_id, std::unordered_map<connection_ref, session>> by_user_;
  std::unordered_map<part_number, std::pair<user_id, connection_ref>> places_;
  std::unordered_map<connection_ref, part_number> numbers_;
};

}  // namespace parley
