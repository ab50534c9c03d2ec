// Which of a batch's commands are plain, as parameters of append_sends().
#include "store/postgres_quick_append.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace parley {
namespace {

const send_message& message_in(const append_command& command) { return std::get<send_message>(command.command); }

/// A room's commands, all plain, by place. Two of one key are for the plan: the second is the first one's duplicate.
bool repeats_a_key(std::span<const append_command> commands, std::span<const std::size_t> places) {
  std::vector<std::pair<user_id, std::string_view>> keys;
  keys.reserve(places.size());
  for (const auto place : places) {
    if (const auto& key = message_in(commands[place]).client_msg_id) keys.emplace_back(commands[place].actor, *key);
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

bool postgres_quick_append::choose(std::span<const append_command> commands) {
  commands_ = commands;
  std::vector<std::size_t> order(commands.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return commands[a].room < commands[b].room; });
  chosen_.clear();
  rooms_.clear();
  counts_.clear();
  for (auto begin = order.begin(); begin != order.end();) {
    const auto& room = commands[*begin].room;
    const auto end = std::find_if(begin, order.end(), [&](std::size_t i) { return commands[i].room != room; });
    const std::span<const std::size_t> places(begin, end);
    if (std::all_of(begin, end, [&](std::size_t i) { return is_plain(commands[i]); }) &&
        !repeats_a_key(commands, places)) {
      rooms_.add(room);
      counts_.add(static_cast<std::int64_t>(places.size()));
      chosen_.insert(chosen_.end(), begin, end);
    }
    begin = end;
  }
  return !chosen_.empty();
}

void postgres_quick_append::run(postgres_connection& connection, std::vector<std::optional<append_outcome>>& outcomes) {
  std::apply([](auto&... arrays) { (arrays.clear(), ...); },
             std::tie(ids_, users_, places_, steps_, contents_, keys_, times_));
  std::int64_t place = 0;
  std::int64_t step = 0;
  const append_command* before = nullptr;
  for (const auto index : chosen_) {
    const auto& command = commands_[index];
    const bool is_first = before == nullptr || before->room != command.room;
    place += is_first ? 1 : 0;
    step = is_first ? 1 : step + 1;
    before = &command;
    places_.add(place);
    steps_.add(step);
    ids_.add(command.new_id);
    users_.add(command.actor);
    contents_.add(*message_in(command).content);
    keys_.add(message_in(command).client_msg_id);
    times_.add(command.at);
  }
  const auto rows =
      connection.query("SELECT number, seq, display_name FROM append_sends($1, $2, $3, $4, $5, $6, $7, $8, $9)", rooms_,
                       counts_, places_, steps_, ids_, users_, contents_, keys_, times_);
  for (const auto& row : rows) {
    const auto index = chosen_[static_cast<std::size_t>(row.integer(0) - 1)];
    const auto& command = commands_[index];
    const auto& what = message_in(command);
    stored outcome;
    outcome.events.push_back(
        {command.room, row.integer(1),
         message_posted{message_id(command.new_id), command.actor, std::string(row.text(2)), what.content, std::nullopt,
                        std::nullopt, what.client_msg_id, command.at}});
    outcomes[index] = std::move(outcome);
  }
}

}  // namespace parley
