// Who sends when, and what each frame says.
#include "load/closed_load.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "across/background.hpp"
#include "across/stamp.hpp"
#include "load/connecting.hpp"
#include "load/pace.hpp"
#include "support/process_times.hpp"

namespace parley::bench {
namespace {

/// Where more receive, one in so many reads the messages' times: a clock costs as much as a delivery.
constexpr std::size_t sampled_from = 40;
constexpr std::size_t sample_every = 8;

}  // namespace

closed_load::closed_load(const support::target& node, const load_world& world, const closed_options& options,
                         load_course::part_handler on_part)
    : world_(world),
      options_(options),
      course_(std::move(on_part)),
      loop_(
          world.clients(), [this](std::size_t client, std::string_view frame) { on_frame(client, frame); },
          [this](std::size_t, const std::string& how) {
            figures_.troubles.broken = how.empty() ? "without a word" : how;
          }),
      seen_(world.clients()),
      rooms_(world.rooms.size()) {
  connect(node);
}

void closed_load::connect(const support::target& node) {
  connect_world(loop_, world_, node, ready_, figures_.troubles.broken);
}

closed_figures closed_load::run(double warm_up_seconds, double seconds, const server_watch& server) {
  const auto begin = steady_ns();
  course_.begin(begin, server);
  is_sending_ = true;
  for (std::size_t room = 0; room < rooms_.size(); ++room)
    for (std::size_t i = 0; i < options_.outstanding; ++i) send(room);
  run_until(begin + static_cast<std::int64_t>(warm_up_seconds * 1e9), server);

  const auto from = steady_ns();
  const auto usage_from = server.read();
  const auto tool_from = support::cpu_seconds_of(::getpid());
  is_measuring_ = true;
  run_until(from + static_cast<std::int64_t>(seconds * 1e9), server);
  is_measuring_ = false;
  const auto usage_to = server.read();
  figures_.seconds = static_cast<double>(steady_ns() - from) / 1e9;
  figures_.tool_cpu_seconds = support::cpu_seconds_of(::getpid()) - tool_from;
  if (usage_from && usage_to) figures_.cpu_seconds = usage_to->cpu_seconds - usage_from->cpu_seconds;

  is_sending_ = false;
  const auto last = steady_ns() + grace_ns;
  while (!is_over() && steady_ns() < last) loop_.step(std::chrono::milliseconds(10));
  auto& troubles = figures_.troubles;
  troubles.unanswered = times_ns_.size() - std::min<std::uint64_t>(answered_, times_ns_.size());
  troubles.missing = due_deliveries_ > delivered_ ? due_deliveries_ - delivered_ : 0;
  figures_.course = course_.take();
  return std::move(figures_);
}

void closed_load::run_until(std::int64_t time_ns, const server_watch& server) {
  for (auto now = steady_ns(); now < time_ns && figures_.troubles.broken.empty(); now = steady_ns()) {
    loop_.step(std::chrono::nanoseconds(std::min<std::int64_t>(time_ns - now, second_ns / 100)));
    course_.note_seqs(figures_.troubles.seqs);
    course_.tick(steady_ns(), server);
  }
}

bool closed_load::is_over() const {
  return !figures_.troubles.broken.empty() || (answered_ >= times_ns_.size() && delivered_ >= due_deliveries_);
}

void closed_load::send(std::size_t number) {
  auto& from = rooms_[number];
  const auto& room = world_.rooms[number];
  const auto member = options_.in_turn ? from.turn++ % room.tokens.size() : 0;
  const auto now = steady_ns();
  loop_.send_text(room.first + member,
                  fmt::format(R"({{"type":"send_message","data":{{"room_id":"{}","content":"{}"}}}})", room.id,
                              stamped_content(times_ns_.size(), options_.size)));
  from.sent_at_ns.push_back(now);
  times_ns_.push_back(now);
  due_deliveries_ += room.tokens.size() - 1;
  course_.note_sent();
}

void closed_load::on_frame(std::size_t client, std::string_view frame) {
  const bool is_message = is_of_type(frame, "new_message");
  const bool is_ack = !is_message && is_of_type(frame, "ack");
  if (options_.has_seqs && (is_message || is_ack)) {
    if (const auto seq = number_in(frame, "seq")) seen_[client].see(*seq, figures_.troubles.seqs);
  }
  if (is_message) {
    ++delivered_;
    figures_.deliveries += is_measuring_ ? 1 : 0;
    const auto& room = world_.rooms[world_.room_of[client]];
    const bool is_sampled = room.tokens.size() <= sampled_from || (client - room.first) % sample_every == 1;
    const auto number = is_sampled ? stamp_in(frame) : std::nullopt;
    if (!number || *number >= times_ns_.size()) return course_.note_delivered();
    const auto latency = steady_ns() - times_ns_[*number];
    course_.note_delivered(latency);
    if (is_measuring_) figures_.delivery.add(latency);
  } else if (is_ack) {
    on_ack(client);
  } else if (is_of_type(frame, "ready")) {
    ++ready_;
  } else if (is_of_type(frame, "error")) {
    ++figures_.troubles.refused;
    course_.note_refused();
    if (figures_.troubles.first_refusal.empty()) figures_.troubles.first_refusal = frame;
    due_deliveries_ -= world_.rooms[world_.room_of[client]].tokens.size() - 1;
    on_ack(client);
  }
}

/// An answer of either kind lets the room go on.
void closed_load::on_ack(std::size_t client) {
  const auto number = world_.room_of[client];
  auto& room = rooms_[number];
  ++answered_;
  if (!room.sent_at_ns.empty()) {
    if (is_measuring_) {
      ++figures_.acknowledged;
      figures_.ack.add(steady_ns() - room.sent_at_ns.front());
    }
    room.sent_at_ns.pop_front();
  }
  course_.note_acknowledged();
  if (is_sending_) send(number);
}

}  // namespace parley::bench
