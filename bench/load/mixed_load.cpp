// Who does what when, and what comes of it.
#include "load/mixed_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <future>
#include <utility>
#include <vector>

#include "across/background.hpp"
#include "across/stamp.hpp"
#include "across/tally.hpp"
#include "load/connecting.hpp"
#include "load/pace.hpp"
#include "rest.hpp"

namespace parley::bench {
namespace {

/// Of all operations; each takes a connection of its own, as a page's first look into a room does.
constexpr double history_share = 0.08;
/// They take turns: with one alone each would wait for the one before, which at high rates is the tool's own limit.
constexpr std::size_t history_readers = 8;
constexpr const char* emojis[] = {"👍", "🎉", "😀", "🚀", "💡"};
constexpr int history_items = 50;

/// The text between the quotes behind that name.
std::string_view text_in(std::string_view frame, std::string_view opening) {
  const auto at = frame.find(opening);
  if (at == std::string_view::npos) return {};
  const auto rest = frame.substr(at + opening.size());
  return rest.substr(0, rest.find('"'));
}

}  // namespace

operation operation_of(std::uint64_t percent) {
  if (percent < 52) return operation::send;
  if (percent < 66) return operation::react;
  if (percent < 82) return operation::type;
  if (percent < 98) return operation::read;
  return operation::come_back;
}

std::size_t member_of_some_room(const load_world& world, std::mt19937_64& random) {
  const auto& room = world.rooms[random() % world.rooms.size()];
  return room.first + random() % room.tokens.size();
}

mixed_load::mixed_load(const support::target& node, const load_world& world, const mixed_options& options,
                       load_course::part_handler on_part)
    : node_(node),
      world_(world),
      options_(options),
      course_(std::move(on_part)),
      random_(options.seed),
      clients_(world.clients()),
      rooms_(world.rooms.size()),
      loop_(
          world.clients(), [this](std::size_t client, std::string_view frame) { on_frame(client, frame); },
          [this](std::size_t, const std::string& how) {
            figures_.troubles.broken = how.empty() ? "without a word" : how;
          }) {
  connect_world(loop_, world, node_, ready_, figures_.troubles.broken);
}

mixed_figures mixed_load::run(const server_watch& server) {
  const auto begin = steady_ns() + lead_ns;
  schedule_ = send_schedule(options_.rate * (1 - history_share), options_.warm_up, options_.seconds, begin);
  begun_as_.reserve(schedule_.size());
  course_.begin(begin, server);
  std::vector<std::future<latency_histogram>> readers;
  readers.reserve(history_readers);
  for (std::size_t reader = 0; reader < history_readers; ++reader)
    readers.push_back(std::async(std::launch::async, [this, begin, reader] { return read_histories(begin, reader); }));
  std::optional<server_usage> from;
  while (!is_over()) {
    begin_due();
    const auto wait = begun_ < schedule_.size() ? schedule_.due_ns(begun_) - steady_ns() : second_ns;
    loop_.step(std::chrono::nanoseconds(std::clamp<std::int64_t>(wait, 0, 10'000'000)));
    if (!from && steady_ns() >= schedule_.measured_from_ns()) from = server.read();
    course_.note_seqs(figures_.troubles.seqs);
    course_.tick(steady_ns(), server);
  }
  const auto to = server.read();
  if (from && to) figures_.cpu_seconds = to->cpu_seconds - from->cpu_seconds;
  for (auto& reader : readers) {
    try {
      figures_.times[static_cast<std::size_t>(operation::history)].merge(reader.get());
    } catch (const std::exception& e) {
      // A history without an answer speaks against the rate, and all else was measured.
      if (figures_.troubles.broken.empty()) figures_.troubles.broken = fmt::format("a history's: {}", e.what());
    }
  }
  figures_.planned = schedule_.size() - schedule_.first_measured();
  figures_.rate = options_.rate;
  figures_.seconds = options_.seconds;
  judge();
  figures_.course = course_.take();
  return std::move(figures_);
}

bool mixed_load::is_over() const {
  if (!figures_.troubles.broken.empty()) return true;
  if (begun_ < schedule_.size()) return false;
  if (steady_ns() > schedule_.end_ns() + grace_ns) return true;
  if (answered_ < begun_) return false;
  for (std::size_t number = 0; number < clients_.size(); ++number) {
    if (static_cast<std::uint64_t>(clients_[number].position.last()) < rooms_[world_.room_of[number]].end) return false;
  }
  return true;
}

void mixed_load::begin_due() {
  for (auto most = most_in_turn; most > 0 && begun_ < schedule_.size() && schedule_.due_ns(begun_) <= steady_ns();
       --most)
    begin(begun_++);
}

void mixed_load::begin(std::size_t number) {
  auto what = operation_of(random_() % 100);
  auto who = somebody(what == operation::come_back);
  if (!who && what == operation::come_back) {  // whoever waits for an answer would lose it
    what = operation::send;
    who = somebody(false);
  }
  if (!who) who = member_of_some_room(world_, random_);  // everybody is away: it is sent when the connection stands
  // What can be reacted to comes with the first messages.
  const bool has_message = !rooms_[world_.room_of[*who]].message_id.empty();
  if (!has_message && what != operation::come_back) what = operation::send;
  begun_as_.push_back(what);
  course_.note_sent();
  if (is_measured(number)) {
    const auto delay = steady_ns() - schedule_.due_ns(number);
    figures_.delay.add(delay);
    if (delay > late_ns) ++figures_.late;
  }
  if (what == operation::come_back) return come_back(number, *who);
  send(number, *who, what);
}

std::optional<std::size_t> mixed_load::somebody(bool is_quiet) {
  constexpr int tries = 50;
  for (int i = 0; i < tries; ++i) {
    const auto client = member_of_some_room(world_, random_);
    if (clients_[client].at == stage::live && (!is_quiet || clients_[client].unanswered == 0)) return client;
  }
  return std::nullopt;
}

void mixed_load::send(std::size_t number, std::size_t client, operation what) {
  const auto& room = world_.rooms[world_.room_of[client]];
  const auto& in_room = rooms_[world_.room_of[client]];
  ++clients_[client].unanswered;
  const auto put = [&](const char* type, const std::string& fields) {
    loop_.send_text(
        client, fmt::format(R"({{"type":"{}","id":"{}","data":{{"room_id":"{}"{}}}}})", type, number, room.id, fields));
  };
  switch (what) {
    case operation::react:
      return put("reaction", fmt::format(R"(,"message_id":"{}","emoji":"{}")", in_room.message_id,
                                         emojis[number % std::size(emojis)]));
    case operation::type:
      return put("typing", {});
    case operation::read:
      return put("read", fmt::format(R"(,"seq":{})", in_room.end));
    default:
      return put("send_message", fmt::format(R"(,"content":"{}")", stamped_content(number, options_.size)));
  }
}

void mixed_load::come_back(std::size_t number, std::size_t client) {
  loop_.cut(client);
  clients_[client].at = stage::connecting;
  clients_[client].back_number = number;
  loop_.connect(client, node_, "/ws?replay=none", world_.token_of(client));
}

void mixed_load::resume(std::size_t client) {
  const auto& room = world_.rooms[world_.room_of[client]];
  loop_.send_text(client, fmt::format(R"({{"type":"resume","id":"r","data":{{"rooms":{{"{}":{}}}}}}})", room.id,
                                      clients_[client].position.last()));
}

void mixed_load::note_answer(std::size_t number) {
  ++answered_;
  course_.note_acknowledged();
  if (!is_measured(number)) return;
  figures_.times[static_cast<std::size_t>(begun_as_[number])].add(steady_ns() - schedule_.due_ns(number));
}

void mixed_load::on_frame(std::size_t client, std::string_view frame) {
  if (is_of_type(frame, "new_message")) {
    on_event(client, frame, true);
  } else if (is_of_type(frame, "reaction")) {
    on_event(client, frame, false);
  } else if (is_of_type(frame, "ack")) {
    on_ack(client, frame);
  } else if (is_of_type(frame, "ready")) {
    on_ready(client, frame);
  } else if (is_of_type(frame, "replay_end")) {
    on_replay_end(client, frame);
  } else if (is_of_type(frame, "error")) {
    on_error(client, frame);
  }
}

void mixed_load::on_ready(std::size_t client, std::string_view frame) {
  auto& who = clients_[client];
  if (who.is_known) {
    who.at = stage::resuming;
    return resume(client);
  }
  who.is_known = true;
  who.at = stage::live;
  const auto end = number_in(frame, "last_seq").value_or(0);
  who.position = room_position(static_cast<std::int64_t>(end), true);
  ++ready_;
}

void mixed_load::on_ack(std::size_t client, std::string_view frame) {
  auto& who = clients_[client];
  const auto number = numeric_id_in(frame);
  if (!number) {  // the resume's
    who.position.resumed(who.position.last());
    who.at = stage::replaying;
    return;
  }
  --who.unanswered;
  note_answer(*number);
  const auto what = begun_as_[*number];
  if (what != operation::send && what != operation::react) return;
  const auto seq = number_in(frame, "seq").value_or(0);
  auto& in_room = rooms_[world_.room_of[client]];
  in_room.end = std::max(in_room.end, seq);
  if (what == operation::send) in_room.message_id = text_in(frame, R"("message_id":")");
  see(who.position.acknowledged(static_cast<std::int64_t>(seq),
                                what == operation::send ? ack_of::message : ack_of::what_may_be_there));
}

void mixed_load::on_error(std::size_t client, std::string_view frame) {
  auto& troubles = figures_.troubles;
  ++troubles.refused;
  course_.note_refused();
  if (troubles.first_refusal.empty()) troubles.first_refusal = frame;
  const auto number = numeric_id_in(frame);
  if (!number) return;
  --clients_[client].unanswered;
  ++answered_;
}

void mixed_load::on_event(std::size_t client, std::string_view frame, bool is_message) {
  auto& who = clients_[client];
  // Until a resume is acknowledged the room is live from its end on; what comes then comes again.
  if (who.at != stage::live && who.at != stage::replaying) return;
  see(who.position.event(static_cast<std::int64_t>(number_in(frame, "seq").value_or(0))));
  const auto number = is_message && who.at == stage::live ? stamp_in(frame) : std::nullopt;
  if (!number || *number >= begun_as_.size()) return course_.note_delivered();
  const auto latency = steady_ns() - schedule_.due_ns(*number);
  course_.note_delivered(latency);
  if (!is_measured(*number)) return;
  ++figures_.deliveries;
  figures_.delivery.add(latency);
}

void mixed_load::on_replay_end(std::size_t client, std::string_view frame) {
  auto& who = clients_[client];
  if (who.at != stage::replaying) return;
  const bool more = frame.find(R"("more":true)") != std::string_view::npos;
  see(who.position.replay_ended(static_cast<std::int64_t>(number_in(frame, "seq").value_or(0)), more));
  if (more) {
    who.at = stage::resuming;
    return resume(client);
  }
  who.at = stage::live;
  note_answer(who.back_number);
}

void mixed_load::see(const order_step& step) {
  auto& seqs = figures_.troubles.seqs;
  if (!step.wrong) return;
  if (*step.wrong == broken::hole) {
    ++seqs.lost;
  } else if (*step.wrong == broken::duplicated) {
    ++seqs.repeated;
  } else {
    ++seqs.reordered;
  }
}

/// On a thread of its own, with a connection each time.
latency_histogram mixed_load::read_histories(std::int64_t begin_ns, std::size_t reader) const {
  latency_histogram times;
  const send_schedule schedule(options_.rate * history_share, options_.warm_up, options_.seconds, begin_ns);
  std::mt19937_64 random(options_.seed + 1 + reader);
  for (auto number = reader; number < schedule.size(); number += history_readers) {
    const auto due_ns = schedule.due_ns(number);
    sleep_until_ns(due_ns);
    const auto client = member_of_some_room(world_, random);
    const auto& room = world_.rooms[world_.room_of[client]];
    (void)call_json(node_, {"GET",
                            fmt::format("/api/v1/rooms/{}/messages?limit={}", room.id, history_items),
                            world_.token_of(client),
                            {}});
    if (number >= schedule.first_measured()) times.add(steady_ns() - due_ns);
  }
  return times;
}

void mixed_load::judge() {
  auto& troubles = figures_.troubles;
  troubles.unanswered = begun_ - std::min<std::uint64_t>(answered_, begun_);
  for (std::size_t number = 0; number < clients_.size(); ++number) {
    const auto last = static_cast<std::uint64_t>(clients_[number].position.last());
    const auto end = rooms_[world_.room_of[number]].end;
    troubles.missing += end > last ? end - last : 0;
  }
}

}  // namespace parley::bench
