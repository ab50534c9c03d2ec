// Sending by the schedule, and what each frame says.
#include "load/open_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "across/background.hpp"
#include "across/stamp.hpp"
#include "across/tally.hpp"
#include "verify/accounts.hpp"

namespace parley::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t lead_ns = second_ns / 10;
constexpr std::int64_t connect_ns = 60 * second_ns;
/// So many upgrades are under way at once.
constexpr std::size_t connects_at_once = 200;
/// What has not come so long after the last send is lost.
constexpr std::int64_t grace_ns = 15 * second_ns;
/// Sends that are due at once go in such groups, so that frames are read meanwhile.
constexpr std::size_t most_sends_in_turn = 32;

}  // namespace

load_world make_load_world(const support::target& node, std::size_t rooms, std::size_t members) {
  load_world world;
  world.members = members;
  world.rooms.reserve(rooms);
  const auto run = run_name();
  for (std::size_t number = 0; number < rooms; ++number) {
    load_world::room room;
    std::vector<std::string> ids;
    for (std::size_t member = 0; member < members; ++member) {
      const auto who = register_account(node, fmt::format("l{}-{}-{}", run, number, member));
      room.tokens.push_back(log_in(node, who));
      if (member > 0) ids.push_back(who.id);
    }
    room.id = make_room(node, room.tokens.front(), fmt::format("load {}", number), ids);
    world.rooms.push_back(std::move(room));
    std::fprintf(stderr, "\rrooms %zu of %zu%s", number + 1, rooms, number + 1 == rooms ? "\n" : "");
  }
  return world;
}

open_load::open_load(const load_world& world, std::size_t content_size, second_handler on_second)
    : world_(world),
      content_size_(content_size),
      on_second_(std::move(on_second)),
      run_(run_name()),
      loop_(
          world.rooms.size() * world.members,
          [this](std::size_t client, std::string_view frame) { on_frame(client, frame); },
          [this](std::size_t, const std::string& how) { figures_.broken = how.empty() ? "without a word" : how; }),
      seen_(world.rooms.size() * world.members) {}

void open_load::connect(const support::target& node) {
  const auto until = steady_ns() + connect_ns;
  std::size_t begun = 0;
  while (ready_ < seen_.size()) {
    for (; begun < seen_.size() && begun < ready_ + connects_at_once; ++begun) {
      loop_.connect(begun, node, "/ws?replay=none",
                    world_.rooms[begun / world_.members].tokens[begun % world_.members]);
    }
    loop_.step(milliseconds(5));
    if (!figures_.broken.empty()) throw std::runtime_error("a client could not connect: " + figures_.broken);
    if (steady_ns() > until) throw std::runtime_error("not every client got its ready frame");
  }
}

load_figures open_load::run(double rate, double warm_up_seconds, double seconds, const server_watch& server) {
  first_number_ += schedule_.size();
  schedule_ = send_schedule(rate, warm_up_seconds, seconds, steady_ns() + lead_ns);
  figures_ = {};
  figures_.rate = rate;
  figures_.seconds = seconds;
  figures_.planned = schedule_.size() - schedule_.first_measured();
  sent_ = 0;
  answered_ = delivered_ = 0;
  due_deliveries_ = schedule_.size() * (world_.members - 1);
  second_ = {};
  in_second_ = {};
  second_began_ns_ = schedule_.due_ns(0);
  usage_before_ = server.read();
  std::optional<server_usage> measured_from;
  bool is_measuring = false;
  while (!is_over()) {
    send_due();
    const auto wait = sent_ < schedule_.size() ? schedule_.due_ns(sent_) - steady_ns() : second_ns;
    loop_.step(std::chrono::nanoseconds(std::clamp<std::int64_t>(wait, 0, 10'000'000)));
    if (!is_measuring && steady_ns() >= schedule_.measured_from_ns()) {
      is_measuring = true;
      measured_from = server.read();
    }
    if (steady_ns() - second_began_ns_ >= second_ns) end_second(server);
  }
  const auto measured_to = server.read();
  figures_.unanswered = schedule_.size() - std::min<std::uint64_t>(answered_, schedule_.size());
  figures_.missing = due_deliveries_ > delivered_ ? due_deliveries_ - delivered_ : 0;
  if (measured_from && measured_to && figures_.deliveries > 0) {
    figures_.cpu_us =
        (measured_to->cpu_seconds - measured_from->cpu_seconds) * 1e6 / static_cast<double>(figures_.deliveries);
  }
  return std::move(figures_);
}

bool open_load::is_over() const {
  if (!figures_.broken.empty()) return true;
  if (answered_ >= schedule_.size() && delivered_ >= due_deliveries_) return true;
  return steady_ns() > schedule_.end_ns() + grace_ns;
}

bool open_load::is_measured(std::uint64_t number) const {
  return number >= first_number_ + schedule_.first_measured() && number < first_number_ + schedule_.size();
}

void open_load::send_due() {
  for (auto most = most_sends_in_turn; most > 0 && sent_ < schedule_.size() && schedule_.due_ns(sent_) <= steady_ns();
       --most)
    send(sent_++);
}

/// From room to room, and in each room from member to member.
void open_load::send(std::size_t number) {
  const auto room = number % world_.rooms.size();
  const auto member = number / world_.rooms.size() % world_.members;
  const auto id = first_number_ + number;
  const auto delay = steady_ns() - schedule_.due_ns(number);
  loop_.send_text(client_of(room, member),
                  fmt::format(R"({{"type":"send_message","id":"{}","data":{{"room_id":"{}","content":"{}",)"
                              R"("client_msg_id":"{}-{}"}}}})",
                              id, world_.rooms[room].id, stamped_content(id, content_size_), run_, id));
  ++second_.sent;
  if (!is_measured(id)) return;
  figures_.delay.add(delay);
  if (delay > late_ns) ++figures_.late;
}

void open_load::on_frame(std::size_t client, std::string_view frame) {
  const bool is_message = is_of_type(frame, "new_message");
  const bool is_ack = !is_message && is_of_type(frame, "ack");
  if (is_message || is_ack) {
    if (const auto seq = number_in(frame, "seq")) seen_[client].see(*seq, figures_.seqs);
  }
  if (is_message) {
    on_delivery(frame);
  } else if (is_ack) {
    on_ack(frame);
  } else if (is_of_type(frame, "ready")) {
    ++ready_;
  } else if (is_of_type(frame, "error")) {
    on_refusal(frame);
  }
}

void open_load::on_delivery(std::string_view frame) {
  const auto number = stamp_in(frame);
  if (!number || *number < first_number_) return;  // of an earlier run
  const auto latency = steady_ns() - schedule_.due_ns(*number - first_number_);
  ++delivered_;
  ++second_.delivered;
  in_second_.add(latency);
  if (!is_measured(*number)) return;
  ++figures_.deliveries;
  figures_.delivery.add(latency);
}

void open_load::on_ack(std::string_view frame) {
  const auto number = numeric_id_in(frame);
  if (!number || *number < first_number_) return;
  ++answered_;
  ++second_.acknowledged;
  if (!is_measured(*number)) return;
  ++figures_.acknowledged;
  figures_.ack.add(steady_ns() - schedule_.due_ns(*number - first_number_));
}

void open_load::on_refusal(std::string_view frame) {
  const auto number = numeric_id_in(frame);
  if (number && *number < first_number_) return;
  ++second_.refused;
  ++figures_.refused;
  if (figures_.first_refusal.empty()) figures_.first_refusal = frame;
  if (!number) return;
  ++answered_;
  due_deliveries_ -= world_.members - 1;
}

void open_load::end_second(const server_watch& server) {
  const auto now = steady_ns();
  const auto usage = server.read();
  second_.at = static_cast<double>(now - schedule_.due_ns(0)) / 1e9;
  second_.p50_ms = in_second_.quantile_ms(0.5);
  second_.p99_ms = in_second_.quantile_ms(0.99);
  second_.max_ms = in_second_.max_ms();
  if (usage && usage_before_) {
    second_.cpu = (usage->cpu_seconds - usage_before_->cpu_seconds) * 1e9 / static_cast<double>(now - second_began_ns_);
    second_.resident_mib = usage->resident_bytes / (1024.0 * 1024);
  }
  figures_.course.push_back(second_);
  if (on_second_) on_second_(second_);
  second_ = {};
  in_second_ = {};
  usage_before_ = usage;
  second_began_ns_ = now;
}

}  // namespace parley::bench
