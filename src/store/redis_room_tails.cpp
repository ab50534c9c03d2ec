// The script that keeps a tail, and the reading of pages.
#include "store/redis_room_tails.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "parley/log.hpp"
#include "store/stream_record.hpp"

namespace parley {
namespace {

/// A tail takes events in the order of the room alone, so that what its last entry stands for is everything up to
/// there: an edit or a deletion among it has removed the message's entries. Nodes that write one room's events overtake
/// each other, so that those from beyond a hole wait; when the hole does not close the tail begins anew behind it.
/// Likewise at once when an edit or a deletion would have to wait: what it is about must not stay.
/// An event: its kind (p posted, c changed, d deleted, o other), the message's 16 bytes, the record.
constexpr std::string_view keep_tail = R"lua(
local tail, early = KEYS[1], KEYS[2]
local most, lifetime, first = ARGV[2], ARGV[3], tonumber(ARGV[4])
local most_early, patience, most_looked_at = 500, 2, 200
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end

local function text(seq) return string.format('%.0f', seq) end
local function kind(event) return string.sub(event, 1, 1) end
local function message(event) return string.sub(event, 2, 17) end
local function is_change(event) return kind(event) == 'c' or kind(event) == 'd' end
local function has_text(event) return kind(event) == 'c' or kind(event) == 'p' end

local last
for _, entry in ipairs(redis.call('XREVRANGE', tail, '+', '-', 'COUNT', 1)) do
  last = tonumber(string.match(entry[1], '^%d+'))
end

-- What is to follow the last entry, and for each message in it the seq of its last change.
local run, changed, anew = {}, {}, false
local function take(seq, event)
  run[#run + 1] = {seq, event}
  if is_change(event) then changed[message(event)] = seq end
  last = seq
end
local function begin_anew()
  run, changed, anew, last = {}, {}, true, nil
end

local is_urgent = false
for i = 5, #ARGV do
  local seq, event = first + i - 5, ARGV[i]
  if not last or seq == last + 1 then
    take(seq, event)
  elseif seq > last then
    redis.call('HSET', early, text(seq), event)
    is_urgent = is_urgent or is_change(event)
  else
    -- Here already; or of another log, of which the store knows nothing any more.
    local there = redis.call('XRANGE', tail, text(seq) .. '-0', text(seq) .. '-0')[1]
    if there and not anew and there[2][4] ~= string.sub(event, 18) then
      begin_anew()
      take(seq, event)
    end
  end
end

if redis.call('EXISTS', early) == 1 then
  local now = tonumber(redis.call('TIME')[1])
  redis.call('HSETNX', early, 'since', text(now))
  local since = tonumber(redis.call('HGET', early, 'since'))
  local waiting = {}
  for _, field in ipairs(redis.call('HKEYS', early)) do
    if field ~= 'since' then waiting[#waiting + 1] = tonumber(field) end
  end
  table.sort(waiting)
  local gives_up = is_urgent or #waiting > most_early or now - since >= patience
  local left = 0
  for _, seq in ipairs(waiting) do
    if seq > last and seq ~= last + 1 and gives_up then begin_anew() end
    if not last or seq == last + 1 then take(seq, redis.call('HGET', early, text(seq))) end
    if seq <= last then redis.call('HDEL', early, text(seq)) else left = left + 1 end
  end
  if left == 0 then
    redis.call('DEL', early)
  else
    -- Another hole, then, which has its own time.
    if #run > 0 then redis.call('HSET', early, 'since', text(now)) end
    redis.call('EXPIRE', early, lifetime)
  end
end
if #run == 0 then return 1 end

-- Removing comes first: whatever stops this script then leaves a tail that lacks something, and nothing that is wrong.
local sought, count = {}, 0
if anew then
  redis.call('DEL', tail)
else
  for id in pairs(changed) do sought[id], count = true, count + 1 end
  for _, each in ipairs(run) do
    local id = message(each[2])
    if kind(each[2]) == 'p' and sought[id] then sought[id], count = nil, count - 1 end
  end
end
-- Looking further would keep everybody waiting for one room's changes: that room's tail goes, and begins anew.
local upto, looked_at = '+', 0
while count > 0 do
  if looked_at >= most_looked_at then
    redis.call('DEL', tail)
    break
  end
  local entries = redis.call('XREVRANGE', tail, upto, '-', 'COUNT', 100)
  for _, entry in ipairs(entries) do
    local what = entry[2][2]
    if has_text(what) and sought[message(what)] then
      redis.call('XDEL', tail, entry[1])
      if kind(what) == 'p' then sought[message(what)], count = nil, count - 1 end
    end
  end
  if #entries < 100 then break end
  looked_at = looked_at + #entries
  upto = text(tonumber(string.match(entries[100][1], '^%d+')) - 1) .. '-0'
end
for _, each in ipairs(run) do
  local seq, event = each[1], each[2]
  local superseded = has_text(event) and (changed[message(event)] or 0) > seq
  if not superseded then
    redis.call('XADD', tail, 'MAXLEN', '~', most, text(seq) .. '-0', 'm', string.sub(event, 1, 17), 'e',
               string.sub(event, 18))
  end
end
redis.call('EXPIRE', tail, lifetime)
return 1
)lua";

/// Of the kinds that bear a message's text, or take it away.
std::pair<char, uuid> kind_and_message(const event_body& body) {
  if (const auto* posted = std::get_if<message_posted>(&body)) return {'p', posted->message};
  if (const auto* edited = std::get_if<message_edited>(&body)) return {'c', edited->message};
  if (const auto* deleted = std::get_if<message_deleted>(&body)) return {'d', deleted->message};
  return {'o', uuid()};
}

std::string packed_event(const durable_event& event) {
  const auto [kind, message] = kind_and_message(event.body);
  std::string packed(1, kind);
  packed.append(reinterpret_cast<const char*>(message.bytes.data()), message.bytes.size());
  return packed + encode_record({event.room, {event}});
}

}  // namespace

std::string tail_key(const room_id& room) { return fmt::format("parley:room:{{{}}}", to_string(room)); }

redis_tail_writer::redis_tail_writer(const redis_stream_options& options)
    : most_entries_(options.tail_entries == 0 ? "" : std::to_string(options.tail_entries)),
      lifetime_(options.tail_lifetime) {}

void redis_tail_writer::add(redis_pipeline& commands, std::span<const std::shared_ptr<const stream_batch>> batches) {
  using policy = redis_pipeline::on_refusal;
  is_greeting_ = !most_entries_.empty() && (epoch_.empty() || script_.empty());
  if (most_entries_.empty()) return;
  if (is_greeting_) {
    commands.add({"GET", epoch_key}, policy::ignore);
    commands.add({"SCRIPT", "LOAD", keep_tail}, policy::ignore);
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  const auto lifetime = std::to_string(lifetime_.count());
  for (const auto& batch : batches) {
    if (!is_fresh(*batch, now)) continue;
    const auto key = tail_key(batch->room);
    const auto early = key + ":early";
    const auto first = std::to_string(batch->events.front().seq);
    std::vector<std::string> events;
    events.reserve(batch->events.size());
    for (const auto& event : batch->events) events.push_back(packed_event(event));
    std::vector<std::string_view> words{"EVALSHA", script_, "3",           key,      early,
                                        epoch_key, epoch_,  most_entries_, lifetime, first};
    words.insert(words.end(), events.begin(), events.end());
    commands.add(words, policy::ignore);
  }
}

/// What was stored before the epoch was seen may be older than Redis' last loss. A deletion of it could be among what
/// was lost, and it would come back to life. A tail that expired has forgotten likewise.
bool redis_tail_writer::is_fresh(const stream_batch& batch, steady_time now) const {
  return batch.since && *batch.since >= epoch_since_ && now - *batch.since < lifetime_;
}

void redis_tail_writer::take(std::span<const redis_reply> replies) {
  if (is_greeting_) return take_greeting(*replies[0], *replies[1]);
  for (const auto& reply : replies) {
    if (reply->type == REDIS_REPLY_ERROR) complain(*reply);
    if (reply->type == REDIS_REPLY_INTEGER && reply->integer == 0) epoch_.clear();
  }
}

void redis_tail_writer::take_greeting(const redisReply& epoch, const redisReply& script) {
  for (const auto* reply : {&epoch, &script}) {
    if (reply->type == REDIS_REPLY_ERROR) complain(*reply);
  }
  script_ = script.type == REDIS_REPLY_STRING ? std::string(text_of(script)) : "";
  const auto seen = epoch.type == REDIS_REPLY_STRING ? std::string(text_of(epoch)) : "";
  if (seen != epoch_ || seen.empty()) epoch_since_ = std::chrono::steady_clock::now();
  epoch_ = seen;
}

void redis_tail_writer::complain(const redisReply& refusal) {
  const auto code = refusal_code(refusal);
  if (code == "NOSCRIPT") return script_.clear();
  if (std::exchange(complained_of_, std::string(code)) == code) return;
  log::warn("bus", "tail_refused", "Redis does not keep the rooms' tails ({}); replays read the store", code);
}

result<std::vector<tail_page>> redis_tail_reader::read(std::span<const tail_question> questions) {
  redis_pipeline commands;
  for (const auto& each : questions) {
    const auto key = tail_key(each.room);
    const auto until = std::min(each.end, each.after + static_cast<sequence>(each.count));
    // Together, so that the page is of the tail whose end was looked at.
    commands.add({"MULTI"});
    commands.add({"XREVRANGE", key, "+", "-", "COUNT", "1"});
    commands.add({"XRANGE", key, fmt::format("{}-0", each.after + 1), fmt::format("{}-0", until)});
    commands.add({"EXEC"});
  }
  std::vector<tail_page> pages;
  if (questions.empty()) return pages;
  try {
    const auto replies = connection_.run(commands);
    for (std::size_t i = 0; i < questions.size(); ++i) pages.push_back(page_of(*replies[4 * i + 3], questions[i]));
  } catch (const redis_error& fault) {
    connection_.close();
    return unavailable(fault.what());
  }
  return pages;
}

tail_page redis_tail_reader::page_of(const redisReply& reply, const tail_question& question) {
  const auto parts = items_of(reply, 2);
  const auto newest = entries_of(*parts[0]);
  tail_page page;
  if (newest.empty()) return page;
  if (newest.front().id.ms < static_cast<std::uint64_t>(question.end)) {
    page.what = tail_page::kind::behind;
    return page;
  }
  sequence next = question.after + 1;
  for (const auto& entry : entries_of(*parts[1])) {
    if (entry.id != stream_id{static_cast<std::uint64_t>(next), 0}) break;
    auto decoded = decode_record(entry.field("e").value_or(std::string_view()));
    auto* batch = std::get_if<stream_batch>(&decoded);
    if (batch == nullptr || batch->room != question.room || batch->events.size() != 1 ||
        batch->events.front().seq != next) {
      ++page.unreadable;
      auto name = fmt::format("entry {} of {}", to_string(entry.id), tail_key(question.room));
      if (name != last_unreadable_) log::warn("bus", "tail_unreadable", "{} cannot be read; the store is", name);
      last_unreadable_ = std::move(name);
      break;
    }
    page.events.push_back(std::move(batch->events.front()));
    ++next;
  }
  if (!page.events.empty()) page.what = tail_page::kind::found;
  return page;
}

}  // namespace parley
