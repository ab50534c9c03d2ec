// Which of a batch's commands are plain, as parameters of store_sends(), and its answer.
#include "store/postgres_quick_append.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace parley {
namespace {

constexpr std::chrono::seconds expected_to_repeat{1};
constexpr std::size_t most_repeaters = 10'000;

const send_message& message_in(const append_command& command) { return std::get<send_message>(command.command); }

/// Two of one key are for the plan: the second is the first one's duplicate.
bool repeats_a_key(std::span<const append_command> commands) {
  std::vector<std::tuple<room_id, user_id, std::string_view>> keys;
  keys.reserve(commands.size());
  for (const auto& command : commands) {
    if (const auto& key = message_in(command).client_msg_id) keys.emplace_back(command.room, command.actor, *key);
  }
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

}  // namespace

bool postgres_quick_append::is_plain(const append_command& command) const {
  const auto* what = std::get_if<send_message>(&command.command);
  return what != nullptr && what->content && !what->content->empty() &&
         what->content->size() <= limits_.content_bytes && !what->file_url && !what->reply_to;
}

bool postgres_quick_append::repeats(const append_command& command) const {
  const auto found = repeaters_.find({command.room, command.actor});
  return found != repeaters_.end() && std::chrono::steady_clock::now() - found->second < expected_to_repeat;
}

void postgres_quick_append::note_repeaters(std::span<const append_command> commands,
                                           std::span<const std::optional<append_outcome>> outcomes) {
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (!outcomes[i] || outcomes[i]->has_error() || !(*outcomes[i])->duplicate) continue;
    if (repeaters_.size() >= most_repeaters) repeaters_.clear();
    repeaters_[{commands[i].room, commands[i].actor}] = std::chrono::steady_clock::now();
  }
}

bool postgres_quick_append::choose(std::span<const append_command> commands) {
  commands_ = commands;
  if (!std::all_of(commands.begin(), commands.end(),
                   [&](const auto& command) { return is_plain(command) && !repeats(command); }) ||
      repeats_a_key(commands)) {
    return false;
  }
  order_.resize(commands.size());
  for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::size_t a, std::size_t b) { return commands[a].room < commands[b].room; });
  return true;
}

void postgres_quick_append::run(postgres_connection& connection) {
  stored_.clear();
  spots_.clear();
  std::apply([](auto&... arrays) { (arrays.clear(), ...); },
             std::tie(rooms_, counts_, ids_, users_, places_, steps_, contents_, keys_, times_));
  std::int64_t step = 0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto& command = commands_[order_[i]];
    const bool is_last = i + 1 == order_.size() || commands_[order_[i + 1]].room != command.room;
    if (step == 0) rooms_.add(command.room);
    places_.add(static_cast<std::int64_t>(rooms_.size()));
    steps_.add(++step);
    spots_.push_back({rooms_.size() - 1, step});
    ids_.add(command.new_id);
    users_.add(command.actor);
    contents_.add(*message_in(command).content);
    keys_.add(message_in(command).client_msg_id);
    times_.add(command.at);
    if (is_last) counts_.add(std::exchange(step, 0));
  }
  const auto answer =
      connection.query("SELECT positions, numbers, names FROM store_sends($1, $2, $3, $4, $5, $6, $7, $8, $9)", rooms_,
                       counts_, places_, steps_, ids_, users_, contents_, keys_, times_);
  const auto row = answer[0];
  if (row.is_null(0)) return;
  std::vector<sequence> last_seqs;  // 0 where a room was passed by: nothing of it is among the numbers
  for (const auto& bytes : row.array(0)) last_seqs.push_back(bytes ? read_integer(*bytes) : 0);
  const auto names = row.array(2);
  stored_.reserve(commands_.size());
  auto name = names.begin();
  for (const auto& number : row.array(1)) {
    const auto place = static_cast<std::size_t>(read_integer(*number) - 1);
    const auto& at = spots_[place];
    stored_.push_back({place, last_seqs[at.room] + at.step, std::string(**name++)});
  }
}

bool postgres_quick_append::was_committed(postgres_connection& connection) {
  constexpr const char* look =
      "SELECT k.number, m.seq, u.display_name FROM unnest($1) WITH ORDINALITY AS k (message_id, number)"
      " JOIN tb_messages m ON m.message_id = k.message_id JOIN tb_users u ON u.user_id = m.user_id";
  // What can be seen is committed, and all of it with it; so nobody waits for rooms that were passed by.
  read_stored(connection.query(look, ids_));
  if (!stored_.empty()) return true;
  postgres_round_trip trip(connection);
  trip.add("BEGIN");
  trip.add("SELECT room_id FROM tb_room_position WHERE room_id = ANY($1) ORDER BY room_id FOR UPDATE", rooms_);
  const auto found = trip.add(look, ids_);
  trip.add("ROLLBACK");
  read_stored(trip.run()[found]);
  return !stored_.empty();
}

void postgres_quick_append::read_stored(const postgres_rows& rows) {
  stored_.clear();
  for (const auto& row : rows) {
    stored_.push_back({static_cast<std::size_t>(row.integer(0) - 1), row.integer(1), std::string(row.text(2))});
  }
}

void postgres_quick_append::fill(std::vector<std::optional<append_outcome>>& outcomes) {
  for (auto& message : stored_) {
    const auto index = order_[message.place];
    const auto& command = commands_[index];
    const auto& what = message_in(command);
    stored outcome;
    outcome.events.push_back(
        {command.room, message.seq,
         message_posted{message_id(command.new_id), command.actor, std::move(message.sender_name), what.content,
                        std::nullopt, std::nullopt, what.client_msg_id, command.at}});
    outcomes[index] = std::move(outcome);
  }
}

}  // namespace parley
