// Streams as maps by id, and answers as hiredis makes them.
#include "simulation/simulated_redis.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <stdexcept>

namespace parley::simulation {
namespace {

/// With hiredis' allocator, since hiredis frees it.
redis_reply make(int type) {
  redis_reply made(static_cast<redisReply*>(std::calloc(1, sizeof(redisReply))));
  if (!made) throw std::bad_alloc();
  made->type = type;
  return made;
}

redis_reply text(std::string_view bytes, int type = REDIS_REPLY_STRING) {
  auto made = make(type);
  made->str = static_cast<char*>(std::malloc(bytes.size() + 1));
  if (made->str == nullptr) throw std::bad_alloc();
  std::memcpy(made->str, bytes.data(), bytes.size());
  made->str[bytes.size()] = '\0';
  made->len = bytes.size();
  return made;
}

redis_reply list(std::vector<redis_reply> items) {
  auto made = make(REDIS_REPLY_ARRAY);
  made->elements = items.size();
  made->element = static_cast<redisReply**>(std::calloc(std::max<std::size_t>(1, items.size()), sizeof(redisReply*)));
  if (made->element == nullptr) throw std::bad_alloc();
  for (std::size_t i = 0; i < items.size(); ++i) made->element[i] = items[i].release();
  return made;
}

redis_reply pair(redis_reply first, redis_reply second) {
  std::vector<redis_reply> items;
  items.push_back(std::move(first));
  items.push_back(std::move(second));
  return list(std::move(items));
}

redis_reply entry(const stream_id& id, const std::vector<std::string>& fields) {
  std::vector<redis_reply> values;
  values.reserve(fields.size());
  for (const auto& each : fields) values.push_back(text(each));
  return pair(text(to_string(id)), list(std::move(values)));
}

/// `*2\r\n$3\r\nGET\r\n$1\r\na\r\n`, again and again.
class resp_reader {
 public:
  explicit resp_reader(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool done() const { return rest_.empty(); }
  std::vector<std::string> next() {
    std::vector<std::string> words(number('*'));
    for (auto& word : words) {
      const auto size = number('$');
      word = rest_.substr(0, size);
      rest_.remove_prefix(size + 2);
    }
    return words;
  }

 private:
  std::size_t number(char mark) {
    const auto end = rest_.find("\r\n");
    if (end == std::string_view::npos || rest_.front() != mark) throw std::logic_error("a command is malformed");
    const auto value = std::stoul(std::string(rest_.substr(1, end - 1)));
    rest_.remove_prefix(end + 2);
    return value;
  }

  std::string_view rest_;
};

}  // namespace

void simulated_redis::flush() { data_ = {}; }

/// It takes its time, so that no id of before comes again.
void simulated_redis::restart() {
  data_ = saved_;
  ++generation_;
  ++now_ms;
}

void simulated_redis::spoil() {
  for (auto& [key, of] : data_.streams) {
    if (of.entries.empty()) continue;
    auto& last = of.entries.rbegin()->second;
    if (last.size() == 4 && last[2] == "e") last[3].insert(0, 1, '\xFF');
  }
}

redis_replies simulated_redis::run(std::string_view commands) {
  redis_replies replies;
  for (resp_reader all(commands); !all.done();) replies.push_back(answer(all.next()));
  return replies;
}

redis_reply simulated_redis::answer(words command) {
  const auto& name = command[0];
  if (name == "GET") return get(command[1]);
  if (name == "SET") return set_if_absent(command[1], command[2]);
  if (name == "XADD") return add(command);
  if (name == "XRANGE" || name == "XREVRANGE") return range(command[1], name == "XREVRANGE");
  if (name == "XREAD") return read(command);
  throw std::logic_error("the simulation's Redis does not know " + name);
}

redis_reply simulated_redis::get(const std::string& key) const {
  const auto found = data_.texts.find(key);
  return found == data_.texts.end() ? make(REDIS_REPLY_NIL) : text(found->second);
}

redis_reply simulated_redis::set_if_absent(const std::string& key, const std::string& value) {
  return data_.texts.emplace(key, value).second ? text("OK", REDIS_REPLY_STATUS) : make(REDIS_REPLY_NIL);
}

/// XADD key [MAXLEN ~ count] id field value …
redis_reply simulated_redis::add(words command) {
  auto& of = data_.streams[command[1]];
  auto rest = command.subspan(2);
  std::optional<std::size_t> most;
  if (rest[0] == "MAXLEN") {
    most = std::stoul(rest[2]);
    rest = rest.subspan(3);
  }
  const auto id = rest[0] == "*" ? std::optional(next_id(of)) : parse_stream_id(rest[0]);
  if (!id || *id <= of.last) return text("ERR The ID is equal or smaller", REDIS_REPLY_ERROR);
  of.entries[*id].assign(rest.begin() + 1, rest.end());
  of.last = *id;
  while (most && of.entries.size() > *most) of.entries.erase(of.entries.begin());
  return text(to_string(*id));
}

/// One entry: the first or the last.
redis_reply simulated_redis::range(const std::string& key, bool from_its_end) const {
  const auto found = data_.streams.find(key);
  std::vector<redis_reply> entries;
  if (found != data_.streams.end() && !found->second.entries.empty()) {
    const auto& all = found->second.entries;
    const auto& [id, what] = from_its_end ? *all.rbegin() : *all.begin();
    entries.push_back(entry(id, what));
  }
  return list(std::move(entries));
}

/// XREAD COUNT n [BLOCK ms] STREAMS key … id …, which never waits here.
redis_reply simulated_redis::read(words command) const {
  const auto count = std::stoul(command[2]);
  const auto mark = std::find(command.begin(), command.end(), "STREAMS");
  const words rest(mark + 1, command.end());
  const auto count_of_keys = rest.size() / 2;
  std::vector<redis_reply> streams;
  for (std::size_t i = 0; i < count_of_keys; ++i) {
    const auto found = data_.streams.find(rest[i]);
    if (found == data_.streams.end()) continue;
    const auto& of = found->second;
    // `$`: only what comes from now on, of which there is nothing yet.
    const auto after =
        rest[count_of_keys + i] == "$" ? std::optional(of.last) : parse_stream_id(rest[count_of_keys + i]);
    if (!after) throw std::logic_error("an id is malformed");
    std::vector<redis_reply> entries;
    for (auto at = of.entries.upper_bound(*after); at != of.entries.end() && entries.size() < count; ++at) {
      entries.push_back(entry(at->first, at->second));
    }
    if (!entries.empty()) streams.push_back(pair(text(rest[i]), list(std::move(entries))));
  }
  return streams.empty() ? make(REDIS_REPLY_NIL) : list(std::move(streams));
}

stream_id simulated_redis::next_id(const stream& of) const {
  const stream_id fresh{now_ms, 0};
  return fresh > of.last ? fresh : stream_id{of.last.ms, of.last.number + 1};
}

}  // namespace parley::simulation
