// A read is two round trips on a new connection and one on any other, which waits for news at its end.
#include "store/redis_event_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <utility>

#include "parley/log.hpp"
#include "store/stream_record.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_patience{1'000};
/// Every stream begins with an entry that holds nothing, so that "from the beginning" is a place like any other: a
/// stream that no longer reaches back to it was trimmed.
constexpr stream_id beginning{0, 1};
/// Entries of one partition in a read: fewer while entries are large, so that a read fits into memory.
constexpr std::size_t first_count = 64;
constexpr std::size_t most_count = 256;
constexpr std::size_t much_bytes = 8 * 1024 * 1024;
constexpr std::size_t few_bytes = 1024 * 1024;

milliseconds age_of(const stream_id& id) {
  const auto now = std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  return std::max(milliseconds(0), now - milliseconds(static_cast<std::int64_t>(id.ms)));
}

std::string random_epoch() {
  std::random_device dice;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", dice(), dice(), dice(), dice());
}

}  // namespace

std::string stream_key(std::uint32_t partition) { return fmt::format("parley:events:{{{}}}", partition); }

redis_event_reader::redis_event_reader(const redis_stream_options& options, const uuid& node)
    : node_(to_string(node)), connection_(options.redis), count_(first_count) {
  for (const auto number : options.owned) partitions_.push_back({stream_key(number), {}, {}});
}

result<stream_news> redis_event_reader::read(milliseconds patience) {
  try {
    auto news = try_read(std::clamp(patience, milliseconds(0), longest_patience));
    news.is_incomplete = std::exchange(owes_a_warning_, false) || news.is_incomplete;
    return news;
  } catch (const redis_error& fault) {
    connection_.close();
    count_ = std::max<std::size_t>(1, count_ / 2);  // less may get through in time
    return unavailable(fault.what());
  }
}

stream_news redis_event_reader::try_read(milliseconds patience) {
  if (!connection_.is_open()) greet();
  redis_pipeline commands;
  commands.add({"GET", epoch_key});
  std::vector<partition*> suspects;
  for (auto& stream : partitions_) {
    if (!stream.unproven) continue;
    suspects.push_back(&stream);
    commands.add({"XRANGE", stream.key, "-", "+", "COUNT", "1"});
  }
  add_read(commands, patience);
  const auto replies = connection_.run(commands, patience);
  stream_news news;
  if (!is_current(*replies.front())) {
    // What came with it is read again, from the beginning.
    greet();
    return news;
  }
  for (std::size_t i = 0; i < suspects.size(); ++i) prove(*suspects[i], *replies[1 + i]);
  take_streams(*replies.back(), news);
  return news;
}

void redis_event_reader::greet() {
  redis_pipeline commands;
  commands.add({"SET", epoch_key, random_epoch(), "NX"});
  commands.add({"GET", epoch_key});
  for (const auto& stream : partitions_) {
    // Refused where there is a stream: its ids are larger.
    commands.add({"XADD", stream.key, to_string(beginning), "b", "1"}, redis_pipeline::on_refusal::ignore);
    commands.add({"XREVRANGE", stream.key, "+", "-", "COUNT", "1"});
  }
  const auto replies = connection_.run(commands);
  std::vector<stream_id> ends;
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    const auto last = entries_of(*replies[3 + 2 * i]);
    ends.push_back(last.empty() ? beginning : last.front().id);
  }
  const std::string epoch(text_of(*replies[1]));
  if (epoch_.empty()) {
    for (std::size_t i = 0; i < partitions_.size(); ++i) partitions_[i].position = ends[i];
  } else if (epoch != epoch_) {
    begin_anew();
  } else {
    resume(ends);
  }
  epoch_ = epoch;
}

void redis_event_reader::begin_anew() {
  log::warn("bus", "streams_made_anew", "the streams are others than before; rooms are compared with the store");
  owes_a_warning_ = true;
  for (auto& stream : partitions_) {
    stream.position = beginning;
    stream.unproven.reset();
  }
}

/// After a failure, of a Redis that may be another than it was: a replica that had not heard all, or an old snapshot. A
/// stream that goes on behind our position gives its entries next, and these are proven.
void redis_event_reader::resume(const std::vector<stream_id>& ends) {
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    auto& stream = partitions_[i];
    if (ends[i] < stream.position) {
      log::warn("bus", "stream_set_back", "{} ends before what was read of it", stream.key);
      owes_a_warning_ = true;
      stream.position = ends[i];
      stream.unproven.reset();
    }
  }
}

bool redis_event_reader::is_current(const redisReply& epoch) const {
  return !is_nothing(epoch) && text_of(epoch) == epoch_;
}

/// Asked after the entries came, and not before: a stream's beginning only moves forward, so that one which still
/// reaches back to where we stood did so when they came.
void redis_event_reader::prove(partition& stream, const redisReply& reply) {
  const auto first = entries_of(reply);
  if (first.empty() || first.front().id > *stream.unproven) {
    log::warn("bus", "stream_trimmed", "{} was trimmed past what was read of it", stream.key);
    owes_a_warning_ = true;
  }
  if (first.empty()) stream.position = beginning;
  stream.unproven.reset();
}

void redis_event_reader::add_read(redis_pipeline& commands, milliseconds patience) const {
  const auto count = std::to_string(count_);
  const auto wait = std::to_string(patience.count());
  std::vector<std::string_view> words{"XREAD", "COUNT", count};
  // BLOCK 0 would wait for ever.
  if (patience.count() > 0) words.insert(words.end(), {"BLOCK", wait});
  words.emplace_back("STREAMS");
  std::vector<std::string> positions;
  positions.reserve(partitions_.size());
  for (const auto& stream : partitions_) {
    words.push_back(stream.key);
    positions.push_back(to_string(stream.position));
  }
  words.insert(words.end(), positions.begin(), positions.end());
  commands.add(words);
}

void redis_event_reader::take_streams(const redisReply& reply, stream_news& news) {
  if (is_nothing(reply)) return;
  std::vector<std::pair<partition*, stream_id>> moves;
  std::size_t bytes = 0;
  for (const redisReply* item : items_of(reply)) {
    const auto parts = items_of(*item, 2);
    const auto found = std::find_if(partitions_.begin(), partitions_.end(),
                                    [&](const partition& stream) { return stream.key == text_of(*parts[0]); });
    if (found == partitions_.end()) throw redis_error("Redis named a stream that was not asked for");
    const auto entries = entries_of(*parts[1]);
    for (const auto& entry : entries) bytes += take_entry(*found, entry, news);
    if (!entries.empty()) news.lag = std::max(news.lag, age_of(entries.front().id));
    if (!entries.empty()) moves.emplace_back(&*found, entries.back().id);
  }
  for (const auto& [stream, id] : moves) stream->unproven = std::exchange(stream->position, id);
  if (bytes > much_bytes) count_ = std::max<std::size_t>(1, count_ / 2);
  if (bytes < few_bytes) count_ = std::min(most_count, count_ * 2);
}

/// Its size. One that cannot be read is left out and costs nobody the others.
std::size_t redis_event_reader::take_entry(const partition& stream, const stream_entry& entry,
                                           stream_news& news) const {
  const auto record = entry.field("e").value_or(std::string_view());
  if (entry.field("n") == node_) return record.size();
  if (entry.field("g")) {
    news.is_incomplete = true;
    return 0;
  }
  auto decoded = decode_record(record);
  if (auto* batch = std::get_if<stream_batch>(&decoded)) {
    news.batches.push_back(std::make_shared<const stream_batch>(std::move(*batch)));
  } else {
    ++news.unreadable;
    log::warn("bus", "entry_unreadable", "entry {} of {} is {}; it is skipped", to_string(entry.id), stream.key,
              to_string(std::get<record_fault>(decoded)));
  }
  return record.size();
}

}  // namespace parley
