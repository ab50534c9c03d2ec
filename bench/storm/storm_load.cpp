// The loop of the storm.
#include "storm/storm_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "across/background.hpp"
#include "across/stamp.hpp"
#include "report/progress.hpp"
#include "verify/accounts.hpp"

namespace parley::bench {
namespace {

constexpr std::int64_t ns_in_a_second = 1'000'000'000;
/// So long a client waits before it tries again what was refused: as clients with a back-off do.
constexpr std::int64_t back_off_ns = ns_in_a_second / 4;
/// Clients that connect at once in the beginning, which is not the storm.
constexpr std::size_t most_connecting = 200;
constexpr double connect_seconds = 120;

std::int64_t ns_of(double seconds) { return static_cast<std::int64_t>(seconds * 1e9); }

}  // namespace

storm_people make_storm_people(const storm_options& options, const std::vector<support::target>& nodes) {
  storm_people out;
  const auto run = run_name();
  std::vector<std::vector<std::string>> members(options.rooms);
  for (std::size_t user = 0; user < options.users; ++user) {
    const auto& node = nodes[user % nodes.size()];
    const auto made = register_account(node, fmt::format("s{}-{}", run, user));
    out.user_tokens.push_back(log_in(node, made));
    members[user % options.rooms].push_back(made.id);
    if (user % 50 == 49 || user + 1 == options.users) show_count("users", user + 1, options.users);
  }
  for (std::size_t room = 0; room < options.rooms; ++room) {
    const auto& node = nodes[room % nodes.size()];
    out.sender_tokens.push_back(log_in(node, register_account(node, fmt::format("t{}-{}", run, room))));
    out.room_ids.push_back(make_room(node, out.sender_tokens.back(), fmt::format("storm {}", room), members[room]));
  }
  return out;
}

storm_load::storm_load(const storm_options& options, std::vector<support::target> nodes, storm_people people,
                       server_watch watch)
    : options_(options),
      nodes_(std::move(nodes)),
      people_(std::move(people)),
      clients_(options.clients,
               storm_client(options.unread ? storm_client::way_back::unread : storm_client::way_back::resume)),
      leaves_(options.clients, false),
      told_at_ns_(options.clients, 0),
      room_ends_(options.rooms, 0),
      live_at_ns_(options.clients, 0),
      watch_(std::move(watch)),
      // How long the return takes nobody knows before.
      course_([this](const load_part& part) { show_progress(part, 2 * options_.seconds); }),
      loop_(
          options.clients + options.rooms,
          [this](std::size_t number, std::string_view frame) { on_frame(number, frame); },
          [this](std::size_t number, const std::string& how) { on_end(number, how); }) {}

std::size_t storm_load::room_of(std::size_t client) const { return client % options_.users % options_.rooms; }

std::size_t storm_load::node_of(std::size_t client) const {
  return is_draining_ ? nodes_.size() - 1 : (client + turn_) % nodes_.size();
}

std::size_t storm_load::node_of_sender(std::size_t room) const {
  return options_.drain ? nodes_.size() - 1 : room % nodes_.size();
}

void storm_load::connect_client(std::size_t client) {
  const char* path = options_.unread && has_begun() ? "/ws" : "/ws?replay=none";
  loop_.connect(client, nodes_[node_of(client)], path, people_.user_tokens[client % options_.users]);
}

void storm_load::connect() {
  for (std::size_t room = 0; room < options_.rooms; ++room)
    loop_.connect(clients_.size() + room, nodes_[node_of_sender(room)], "/ws?replay=none", people_.sender_tokens[room]);
  std::size_t begun = 0;
  const auto unfinished = [&] {
    for (; begun < clients_.size() && begun < live_ + most_connecting; ++begun) connect_client(begun);
    if (!ends_.empty()) throw std::runtime_error("a client could not connect: " + ends_.begin()->first);
    return live_ < clients_.size() || ready_senders_ < options_.rooms;
  };
  if (!step_while(unfinished, connect_seconds)) throw std::runtime_error("not every client could connect");
  is_sending_ = true;
  next_send_ns_ = steady_ns();
  course_.begin(next_send_ns_, watch_);
}

bool storm_load::step_while(const std::function<bool()>& unfinished, double most_seconds) {
  const auto until = steady_ns() + ns_of(most_seconds);
  while (unfinished()) {
    if (steady_ns() > until) return false;
    step();
  }
  return true;
}

void storm_load::run(double seconds) {
  step_while([] { return true; }, seconds);
}

void storm_load::cut_and_return(double most_seconds) {
  for (std::size_t client = 0; client < clients_.size(); ++client) {
    loop_.cut(client);
    clients_[client].on_lost_connection();
  }
  live_ = 0;
  put_off_.clear();
  ++turn_;
  cut_at_ns_ = steady_ns();
  for (std::size_t client = 0; client < clients_.size(); ++client) connect_client(client);
  step_while([&] { return live_ < clients_.size(); }, most_seconds);
}

void storm_load::drain_and_return(const std::function<void()>& stop, double most_seconds) {
  for (std::size_t client = 0; client < clients_.size(); ++client) {
    leaves_[client] = node_of(client) == 0;
    leaving_ += leaves_[client] ? 1 : 0;
  }
  is_draining_ = true;
  cut_at_ns_ = steady_ns();
  stop();
  step_while([&] { return leaving_ > 0 || live_ < clients_.size(); }, most_seconds);
}

void storm_load::settle(double most_seconds) {
  is_sending_ = false;
  const auto unfinished = [&] {
    if (acknowledged_ + refused_ < sent_) return true;
    for (std::size_t client = 0; client < clients_.size(); ++client)
      if (clients_[client].last() < room_ends_[room_of(client)]) return true;
    return false;
  };
  step_while(unfinished, most_seconds);
}

void storm_load::step() {
  send_what_is_due();
  do_what_was_put_off();
  loop_.step(std::chrono::milliseconds(2));
  if (is_sending_) course_.tick(steady_ns(), watch_);
}

void storm_load::send_what_is_due() {
  if (!is_sending_) return;
  for (int most = 32; most > 0 && next_send_ns_ <= steady_ns(); --most) {
    const auto room = sent_++ % options_.rooms;
    next_send_ns_ += static_cast<std::int64_t>(1e9 / options_.rate);
    sent_at_ns_.push_back(steady_ns());
    course_.note_sent();
    loop_.send_text(clients_.size() + room,
                    fmt::format(R"({{"type":"send_message","id":"{}","data":{{"room_id":"{}","content":"{}"}}}})",
                                sent_, people_.room_ids[room], stamped_content(sent_, options_.size)));
  }
}

void storm_load::do_what_was_put_off() {
  const auto now = steady_ns();
  while (!put_off_.empty() && put_off_.begin()->first <= now) {
    const auto client = put_off_.begin()->second;
    put_off_.erase(put_off_.begin());
    if (clients_[client].is_away())
      connect_client(client);
    else
      resume(client);
  }
}

void storm_load::resume(std::size_t client) {
  loop_.send_text(client, fmt::format(R"({{"type":"resume","id":"r","data":{{"rooms":{{"{}":{}}}}}}})",
                                      people_.room_ids[room_of(client)], clients_[client].position()));
}

void storm_load::mark_read() {
  for (std::size_t user = 0; user < options_.users; ++user)
    loop_.send_text(user, fmt::format(R"({{"type":"read","data":{{"room_id":"{}","seq":{}}}}})",
                                      people_.room_ids[room_of(user)], clients_[user].last()));
}

void storm_load::on_frame(std::size_t number, std::string_view frame) {
  if (is_sender(number)) return on_sender_frame(number - clients_.size(), frame);
  if (is_of_type(frame, "drain")) {
    const auto after_ms = static_cast<std::int64_t>(number_in(frame, "reconnect_after_ms").value_or(0));
    told_at_ns_[number] = steady_ns() + after_ms * 1'000'000;
    return;
  }
  auto& client = clients_[number];
  const bool was_live = client.is_live();
  const auto last = client.last();
  switch (client.on_frame(frame)) {
    case storm_client::wish::resume:
      resume(number);
      break;
    case storm_client::wish::resume_later:
      put_off_.emplace(steady_ns() + back_off_ns, number);
      break;
    case storm_client::wish::nothing:
      break;
  }
  if (client.last() > last && is_of_type(frame, "new_message")) note_event(frame, was_live);
  if (was_live || !client.is_live()) return;
  ++live_;
  live_at_ns_[number] = steady_ns();
}

void storm_load::note_event(std::string_view frame, bool is_live) {
  const auto number = stamp_in(frame);
  // What is replayed was waited for by the client's own absence.
  if (!is_live || !number || *number == 0 || *number > sent_at_ns_.size()) return course_.note_delivered();
  const auto took_ns = steady_ns() - sent_at_ns_[*number - 1];
  deliveries_.add(took_ns);
  course_.note_delivered(took_ns);
}

void storm_load::on_sender_frame(std::size_t room, std::string_view frame) {
  if (is_of_type(frame, "ack")) {
    ++acknowledged_;
    course_.note_acknowledged();
    room_ends_[room] = std::max(room_ends_[room], number_in(frame, "seq").value_or(0));
  } else if (is_of_type(frame, "error")) {
    ++refused_;
    course_.note_refused();
  } else if (is_of_type(frame, "ready")) {
    ++ready_senders_;
  }
}

void storm_load::on_end(std::size_t number, const std::string& how) {
  ++ends_[how];
  if (is_sender(number)) throw std::runtime_error("a sender's connection ended: " + how);
  if (clients_[number].is_live()) --live_;
  clients_[number].on_lost_connection();
  auto again_at = steady_ns() + back_off_ns;
  if (leaves_[number]) {
    leaves_[number] = false;
    --leaving_;
    unannounced_ += told_at_ns_[number] == 0 ? 1 : 0;
    if (told_at_ns_[number] != 0) again_at = told_at_ns_[number];
  }
  put_off_.emplace(again_at, number);
}

storm_load::tally storm_load::judge() {
  tally out;
  out.deliveries = deliveries_;
  out.course = course_.take();
  out.sent = sent_;
  out.unacknowledged = sent_ - acknowledged_;
  out.refused = refused_;
  out.ends = ends_;
  out.unannounced = unannounced_;
  for (std::size_t number = 0; number < clients_.size(); ++number) {
    const auto& client = clients_[number];
    const auto end = room_ends_[room_of(number)];
    out.lost += client.left_out() + (end > client.last() ? end - client.last() : 0);
    out.doubled += client.doubled();
    out.replayed += client.replayed();
    if (!client.is_live())
      ++out.not_live;
    else if (live_at_ns_[number] >= cut_at_ns_)
      out.back_ns.push_back(live_at_ns_[number] - cut_at_ns_);
  }
  return out;
}

}  // namespace parley::bench
