// Sending by the schedule, and what each frame says.
#include "load/open_load.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "across/background.hpp"
#include "across/stamp.hpp"
#include "across/tally.hpp"
#include "load/connecting.hpp"
#include "load/pace.hpp"
#include "verify/accounts.hpp"

namespace parley::bench {
open_load::open_load(const load_world& world, std::size_t content_size, load_course::part_handler on_part)
    : world_(world),
      content_size_(content_size),
      course_(std::move(on_part)),
      run_(run_name()),
      loop_(
          world.clients(), [this](std::size_t client, std::string_view frame) { on_frame(client, frame); },
          [this](std::size_t, const std::string& how) {
            figures_.troubles.broken = how.empty() ? "without a word" : how;
          }),
      seen_(world.clients()),
      unanswered_(world.clients()) {}

void open_load::connect(const support::target& node) {
  connect_world(loop_, world_, node, ready_, figures_.troubles.broken);
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
  std::fill(unanswered_.begin(), unanswered_.end(), 0);
  due_deliveries_ = 0;
  for (std::size_t number = 0; number < schedule_.size(); ++number) due_deliveries_ += receivers_of(number);
  course_.begin(schedule_.due_ns(0), server);
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
    course_.note_seqs(figures_.troubles.seqs);
    course_.tick(steady_ns(), server);
  }
  const auto measured_to = server.read();
  figures_.troubles.unanswered = schedule_.size() - std::min<std::uint64_t>(answered_, schedule_.size());
  figures_.troubles.missing = due_deliveries_ > delivered_ ? due_deliveries_ - delivered_ : 0;
  if (measured_from && measured_to && figures_.deliveries > 0) {
    figures_.cpu_us =
        (measured_to->cpu_seconds - measured_from->cpu_seconds) * 1e6 / static_cast<double>(figures_.deliveries);
  }
  figures_.course = course_.take();
  return std::move(figures_);
}

bool open_load::is_over() const {
  if (!figures_.troubles.broken.empty()) return true;
  if (answered_ >= schedule_.size() && delivered_ >= due_deliveries_) return true;
  return steady_ns() > schedule_.end_ns() + grace_ns;
}

bool open_load::is_measured(std::uint64_t number) const {
  return number >= first_number_ + schedule_.first_measured() && number < first_number_ + schedule_.size();
}

void open_load::send_due() {
  for (auto most = most_in_turn; most > 0 && sent_ < schedule_.size() && schedule_.due_ns(sent_) <= steady_ns(); --most)
    send(sent_++);
}

std::size_t open_load::receivers_of(std::size_t number) const {
  return world_.rooms[room_of(number)].tokens.size() - 1;
}

/// From room to room, and in each room from member to member.
std::size_t open_load::sender_of(std::size_t number) const {
  const auto& room = world_.rooms[room_of(number)];
  return room.first + number / world_.rooms.size() % room.tokens.size();
}

void open_load::send(std::size_t number) {
  const auto& room = world_.rooms[room_of(number)];
  const auto id = first_number_ + number;
  const auto delay = steady_ns() - schedule_.due_ns(number);
  const auto sender = sender_of(number);
  if (most_unanswered_ > 0 && unanswered_[sender] >= most_unanswered_) {
    if (is_measured(id)) ++figures_.left_out;
    ++answered_;
    due_deliveries_ -= receivers_of(number);
    return;
  }
  ++unanswered_[sender];
  loop_.send_text(sender, fmt::format(R"({{"type":"send_message","id":"{}","data":{{"room_id":"{}","content":"{}",)"
                                      R"("client_msg_id":"{}-{}"}}}})",
                                      id, room.id, stamped_content(id, content_size_), run_, id));
  course_.note_sent();
  if (!is_measured(id)) return;
  figures_.delay.add(delay);
  if (delay > late_ns) ++figures_.late;
}

void open_load::on_frame(std::size_t client, std::string_view frame) {
  const bool is_message = is_of_type(frame, "new_message");
  const bool is_ack = !is_message && is_of_type(frame, "ack");
  if (is_message || is_ack) {
    if (const auto seq = number_in(frame, "seq")) seen_[client].see(*seq, figures_.troubles.seqs);
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
  course_.note_delivered(latency);
  if (!is_measured(*number)) return;
  ++figures_.deliveries;
  figures_.delivery.add(latency);
}

void open_load::on_ack(std::string_view frame) {
  const auto number = numeric_id_in(frame);
  if (!number || *number < first_number_) return;
  note_answer(*number);
  course_.note_acknowledged();
  if (!is_measured(*number)) return;
  ++figures_.acknowledged;
  figures_.ack.add(steady_ns() - schedule_.due_ns(*number - first_number_));
}

void open_load::note_answer(std::uint64_t number) {
  ++answered_;
  --unanswered_[sender_of(number - first_number_)];
}

void open_load::on_refusal(std::string_view frame) {
  const auto number = numeric_id_in(frame);
  if (number && *number < first_number_) return;
  course_.note_refused();
  ++figures_.troubles.refused;
  if (frame.find(R"("code":"busy")") != std::string_view::npos) {
    ++figures_.busy;
    if (number && is_measured(*number)) ++figures_.measured_busy;
  }
  if (figures_.troubles.first_refusal.empty()) figures_.troubles.first_refusal = frame;
  if (!number) return;
  note_answer(*number);
  due_deliveries_ -= receivers_of(*number - first_number_);
}

}  // namespace parley::bench
