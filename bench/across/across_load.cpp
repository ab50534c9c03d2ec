// Sending by the schedule, and noting when what came.
#include "across/across_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "across/stamp.hpp"
#include "report/progress.hpp"
#include "verify/accounts.hpp"

namespace parley::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t connect_ns = 30 * second_ns;
/// What has not come so long after the last send is lost.
constexpr std::int64_t grace_ns = 15 * second_ns;
/// Sends that are due at once go in such groups, so that acks are read meanwhile.
constexpr std::size_t most_sends_in_turn = 32;

}  // namespace

std::vector<across_room> make_across_rooms(const support::target& senders_node, const support::target& receivers_node,
                                           std::size_t count) {
  std::vector<across_room> rooms;
  const auto run = run_name();
  for (std::size_t number = 0; number < count; ++number) {
    const auto sender = register_account(senders_node, fmt::format("a{}-{}", run, number));
    const auto receiver = register_account(receivers_node, fmt::format("b{}-{}", run, number));
    across_room room;
    room.sender_token = log_in(senders_node, sender);
    room.receiver_token = log_in(receivers_node, receiver);
    room.id = make_room(senders_node, room.sender_token, fmt::format("across {}", number), {receiver.id});
    rooms.push_back(std::move(room));
    show_count("rooms", rooms.size(), count);
  }
  return rooms;
}

across_load::across_load(std::vector<across_room> rooms, std::size_t content_size, server_watch watch)
    : rooms_(std::move(rooms)),
      content_size_(content_size),
      run_(run_name()),
      watch_(std::move(watch)),
      course_([this](const load_part& part) { show_progress(part, end_seconds()); }),
      senders_(
          rooms_.size(), [this](std::size_t, std::string_view frame) { on_sender_frame(frame); },
          [this](std::size_t, const std::string& how) { on_end(acks_, how); }),
      receivers_(
          rooms_.size(), [this](std::size_t client, std::string_view frame) { on_receiver_frame(client, frame); },
          [this](std::size_t, const std::string& how) { on_end(deliveries_, how); }) {}

void across_load::connect(const support::target& senders_node, const support::target& receivers_node) {
  for (std::size_t room = 0; room < rooms_.size(); ++room) {
    senders_.connect(room, senders_node, "/ws?replay=none", rooms_[room].sender_token);
    receivers_.connect(room, receivers_node, "/ws?replay=none", rooms_[room].receiver_token);
  }
  const auto until = steady_ns() + connect_ns;
  while (ready_ < 2 * rooms_.size()) {
    senders_.step(milliseconds(5));
    receivers_.step(milliseconds(5));
    if (is_broken_) throw std::runtime_error("a client could not connect: " + acks_.broken + deliveries_.broken);
    if (steady_ns() > until) throw std::runtime_error("not every client got its ready frame");
  }
}

void across_load::begin(const send_schedule& schedule) {
  first_number_ += schedule_.size();
  schedule_ = schedule;
  for (auto* each : {&acks_, &deliveries_}) {
    *each = {};
    each->came_at_ns.assign(schedule.size(), 0);
  }
  deliveries_.last.assign(rooms_.size(), 0);
  sent_at_ns_.assign(schedule.size(), 0);
  sent_ = acknowledged_ = refused_ = 0;
  shown_sent_ = shown_acknowledged_ = shown_refused_ = 0;
  course_.begin(steady_ns(), watch_);
  sending_ = std::make_unique<background>([this](const std::stop_token&) { send_all(); });
  receiving_ = std::make_unique<background>([this](const std::stop_token&) { receive_all(); });
}

bool across_load::may_go_on() const { return !is_broken_ && steady_ns() < schedule_.end_ns() + grace_ns; }

void across_load::send_all() {
  while (may_go_on() && acks_.came + refused_ < schedule_.size()) {
    for (std::size_t most = most_sends_in_turn;
         most > 0 && sent_ < schedule_.size() && schedule_.due_ns(sent_) <= steady_ns(); --most)
      send(sent_++);
    const auto wait = sent_ < schedule_.size() ? schedule_.due_ns(sent_) - steady_ns() : second_ns;
    senders_.step(std::chrono::nanoseconds(std::min<std::int64_t>(wait, 10'000'000)));
  }
}

void across_load::send(std::size_t number) {
  const auto room = number % rooms_.size();
  const auto id = first_number_ + number;
  sent_at_ns_[number] = steady_ns();
  senders_.send_text(room, fmt::format(R"({{"type":"send_message","id":"{}","data":{{"room_id":"{}","content":"{}",)"
                                       R"("client_msg_id":"{}-{}"}}}})",
                                       id, rooms_[room].id, stamped_content(id, content_size_), run_, id));
}

void across_load::receive_all() {
  while (may_go_on() && deliveries_.came < schedule_.size()) {
    receivers_.step(milliseconds(10));
    keep_course();
  }
}

void across_load::keep_course() {
  const std::size_t sent = sent_, acknowledged = acknowledged_, refused = refused_;
  course_.note_sent(sent - std::exchange(shown_sent_, sent));
  course_.note_acknowledged(acknowledged - std::exchange(shown_acknowledged_, acknowledged));
  course_.note_refused(refused - std::exchange(shown_refused_, refused));
  course_.tick(steady_ns(), watch_);
}

double across_load::end_seconds() const { return static_cast<double>(schedule_.end_ns() - schedule_.due_ns(0)) / 1e9; }

bool across_load::note(side& of, std::uint64_t number) {
  if (number < first_number_ || number - first_number_ >= schedule_.size()) return false;
  auto& at = of.came_at_ns[number - first_number_];
  if (at != 0) return false;
  at = steady_ns();
  ++of.came;
  return true;
}

void across_load::on_sender_frame(std::string_view frame) {
  if (is_of_type(frame, "ack")) {
    const auto number = numeric_id_in(frame);
    if (number && note(acks_, *number))
      ++acknowledged_;
    else
      ++acks_.doubled;
  } else if (is_of_type(frame, "error")) {
    if (refused_++ == 0) first_refusal_ = frame;
  } else if (is_of_type(frame, "ready")) {
    ++ready_;
  }
}

void across_load::on_receiver_frame(std::size_t client, std::string_view frame) {
  if (is_of_type(frame, "new_message")) {
    const auto number = stamp_in(frame);
    const bool is_ours = number && *number >= first_number_ && (*number - first_number_) % rooms_.size() == client;
    if (is_ours && note(deliveries_, *number)) {
      const auto index = static_cast<std::size_t>(*number - first_number_);
      course_.note_delivered(deliveries_.came_at_ns[index] - schedule_.due_ns(index));
      auto& last = deliveries_.last[client];
      if (*number < last) ++deliveries_.reordered;
      last = std::max(last, *number);
    } else {
      ++deliveries_.doubled;
    }
  } else if (is_of_type(frame, "ready")) {
    ++ready_;
  }
}

void across_load::on_end(side& of, const std::string& how) {
  if (of.broken.empty()) of.broken = how;
  is_broken_ = true;
}

across_tally across_load::finish() {
  sending_->wait();
  receiving_->wait();
  across_tally out;
  out.planned = schedule_.size();
  out.measured = schedule_.size() - schedule_.first_measured();
  out.sent = sent_;
  out.acknowledged = acks_.came;
  out.received = deliveries_.came;
  out.doubled = deliveries_.doubled + acks_.doubled;
  out.reordered = deliveries_.reordered;
  out.refused = refused_;
  out.first_refusal = first_refusal_;
  out.broken = acks_.broken.empty() ? deliveries_.broken : acks_.broken;
  for (std::size_t number = 0; number < out.sent; ++number) {
    const auto due = schedule_.due_ns(number);
    if (number < schedule_.first_measured()) continue;
    if (sent_at_ns_[number] - due > late_ns) ++out.late;
    out.delays_ns.push_back(sent_at_ns_[number] - due);
    if (acks_.came_at_ns[number] != 0) out.acks_ns.push_back(acks_.came_at_ns[number] - due);
    if (deliveries_.came_at_ns[number] != 0) out.deliveries_ns.push_back(deliveries_.came_at_ns[number] - due);
  }
  return out;
}

}  // namespace parley::bench
