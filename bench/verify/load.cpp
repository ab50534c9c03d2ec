// The loop, and what it waits for.
#include "verify/load.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "report/progress.hpp"

namespace parley::bench {
namespace {

constexpr double tick_seconds = 0.005;
constexpr double begin_seconds = 30;
constexpr std::size_t most_watched = 500;  ///< On one connection.
/// What heals a fault may take: a node's or PostgreSQL's start.
constexpr double heal_seconds = 120;

}  // namespace

load::load(const verify_options& options, load_state& state, population people, fault_runner& faults)
    : options_(options),
      state_(state),
      people_(std::move(people)),
      runner_(faults),
      watched_(people_.clients.size(), 0),
      is_writing_(people_.clients.size(), false),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  state_.room_ids = people_.room_ids;
  for (const auto& id : people_.room_ids) state_.room_numbers.emplace(id, static_cast<int>(state_.room_numbers.size()));
  const auto watched = std::min(people_.user_ids.size(), most_watched);
  state_.user_ids.assign(people_.user_ids.begin(), people_.user_ids.begin() + static_cast<std::ptrdiff_t>(watched));
  for (const auto& id : state_.user_ids) state_.user_numbers.emplace(id, static_cast<int>(state_.user_numbers.size()));
  state_.ends.assign(people_.room_ids.size(), 0);
  state_.seen_messages.resize(people_.room_ids.size());
  for (const auto& who : people_.clients) clients_.push_back(std::make_unique<client>(state_, who));
  for (std::size_t i = 0; i < clients_.size(); ++i)
    if (people_.sibling[i] >= 0) clients_[i]->set_sibling(clients_[static_cast<std::size_t>(people_.sibling[i])].get());
}

load::~load() { ::close(epoll_); }

void load::note(const std::string& text) { state_.log.add({state_.now(), {}, -1, 0, '*', state_.log.intern(text)}); }

void load::watch(client& each) {
  auto* connection = each.connection();
  if (connection == nullptr) return;
  const auto number = static_cast<std::size_t>(each.number());
  const bool is_new = watched_[number] != each.connection_number();
  if (!is_new && is_writing_[number] == connection->wants_write()) return;
  watched_[number] = each.connection_number();
  is_writing_[number] = connection->wants_write();
  epoll_event event{};
  event.events = EPOLLIN | (is_writing_[number] ? EPOLLOUT : 0U);
  event.data.u64 = number;
  ::epoll_ctl(epoll_, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, connection->descriptor(), &event);
}

void load::step() {
  std::array<epoll_event, 256> events;
  const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 2);
  take_fault_events();
  for (int i = 0; i < ready; ++i) {
    auto& each = *clients_[events[static_cast<std::size_t>(i)].data.u64];
    each.advance();
    watch(each);
  }
  act();
  if (state_.now() < next_tick_) return;
  next_tick_ = state_.now() + tick_seconds;
  for (const auto& each : clients_) {
    each->tick();
    watch(*each);
  }
  look_for_recoveries();
}

bool load::step_while(const std::function<bool()>& unfinished, double until) {
  while (unfinished()) {
    if (state_.now() > until) return false;
    step();
  }
  return true;
}

void load::act() {
  const auto now = state_.now();
  if (now >= acts_until_) return;
  for (int most = 100; next_act_ <= now && most > 0; --most) {
    next_act_ += 1 / options_.rate;
    auto& who = *clients_[state_.pick(clients_.size())];
    const int room = who.rooms()[state_.pick(who.rooms().size())];
    if (is_quiet(room)) continue;
    who.act(room);
    watch(who);
  }
  next_act_ = std::max(next_act_, now - 1);
  if (options_.reconnects <= 0 || now < next_leave_) return;
  next_leave_ = now + state_.between(0, 2 / options_.reconnects);
  clients_[state_.pick(clients_.size())]->leave();
}

bool load::is_quiet(int room) const {
  return std::any_of(records_.begin(), records_.end(), [&](const fault_record& r) {
    return r.recovered < 0 && std::find(r.quiet_rooms.begin(), r.quiet_rooms.end(), room) != r.quiet_rooms.end();
  });
}

void load::begin_fault(const fault_event& event) {
  fault_record record{event.number, event.text, state_.now(), -1, -1, false, {}, {}};
  // Half of the rooms fall silent: what was under way there must arrive without a later message that shows it missing.
  for (int room = 0; room < options_.rooms; ++room)
    if (state_.chance(0.5)) record.quiet_rooms.push_back(room);
  records_.push_back(std::move(record));
  if (event.stopping_node >= 0) state_.stopping_since[static_cast<std::size_t>(event.stopping_node)] = state_.now();
}

void load::take_fault_events() {
  for (const auto& event : runner_.take_events()) {
    if (event.what == fault_event::phase::begins) {
      note(fmt::format("fault {}: {}", event.number, event.text));
      begin_fault(event);
      continue;
    }
    if (event.what == fault_event::phase::failed) {
      note(event.text);
      state_.found.add({event.wrong.value_or(broken::unquiet), {}, -1, 0, state_.now(), event.text});
      continue;
    }
    note(fmt::format("fault {}: healed", event.number));
    calm_since_ = state_.now();
    std::fill(state_.stopping_since.begin(), state_.stopping_since.end(), -1.0);
    for (auto& record : records_) {
      if (record.number != event.number) continue;
      record.healed = calm_since_;
      record.marks = state_.ends;
    }
  }
}

bool load::is_over(const fault_record& fault, const client** who, int* where_not) const {
  for (const auto& each : clients_) {
    *who = each.get();
    *where_not = -1;
    if (!each->is_live()) return false;
    for (const int room : each->rooms()) {
      *where_not = room;
      const auto at = static_cast<std::size_t>(room);
      const bool is_silent =
          std::find(fault.quiet_rooms.begin(), fault.quiet_rooms.end(), room) != fault.quiet_rooms.end();
      if (is_silent && each->is_waiting(room)) return false;
      if (!each->has(room, is_silent ? state_.ends[at] : fault.marks[at])) return false;
    }
  }
  return true;
}

void load::look_for_recoveries() {
  const auto now = state_.now();
  const bool is_calm = std::all_of(records_.begin(), records_.end(), [](const auto& r) { return r.healed >= 0; });
  for (auto& record : records_) {
    if (record.healed < 0 || record.recovered >= 0) continue;
    const client* who = nullptr;
    int room = -1;
    if (is_over(record, &who, &room)) {
      record.recovered = now;
    } else if (!record.is_late && is_calm && now > calm_since_ + options_.bound) {
      record.is_late = true;
      const auto seq = room < 0 ? 0 : who->received(room).contiguous() + 1;
      state_.found.add({broken::lost, who->here(), room, seq, state_.log.first_seen(room, seq, now),
                        fmt::format("fault {} ({}) is healed and calm for {} s, and client {} has not everything",
                                    record.number, record.text, options_.bound, who->number())});
    }
  }
}

void load::begin() {
  const auto all_live = [&] {
    return std::all_of(clients_.begin(), clients_.end(), [](const auto& each) { return each->is_live(); });
  };
  if (!step_while([&] { return !all_live(); }, state_.now() + begin_seconds))
    throw std::runtime_error("not every client could connect, before any fault");
}

void load::run(double seconds) {
  next_act_ = next_leave_ = state_.now();
  acts_until_ = state_.now() + seconds;
  double next_line = state_.now() + 1;
  runner_.start();
  step_while(
      [&] {
        if (state_.now() >= next_line) {
          next_line += 1;
          show_line(fmt::format("{:.0f} of {:.0f} s: {} acknowledged, {} delivered, {} faults, {} violations",
                                state_.now() - (acts_until_ - seconds), seconds, state_.book.acknowledged(),
                                state_.deliveries, records_.size(), state_.found.total()));
        }
        return true;
      },
      acts_until_);
  end_line();
}

bool load::has_everything(const client& each) const {
  return each.is_live() && std::all_of(each.rooms().begin(), each.rooms().end(), [&](int room) {
           return each.has(room, state_.ends[static_cast<std::size_t>(room)]) && !each.is_waiting(room);
         });
}

bool load::is_settled() const {
  return std::all_of(clients_.begin(), clients_.end(), [&](const auto& each) { return has_everything(*each); });
}

void load::settle() {
  runner_.finish();
  if (!step_while([&] { return !runner_.is_over(); }, state_.now() + heal_seconds))
    throw std::runtime_error("a fault could not be healed");
  take_fault_events();
  const auto until = state_.now() + options_.bound;
  step_while([&] { return !is_settled(); }, until);
  // An answer that was lost may stand for an event that nobody has been told of.
  read_ends();
  step_while([&] { return !is_settled(); }, until);
  look_for_recoveries();
  tell_what_is_missing();
}

void load::read_ends() {
  for (const auto& who : people_.clients)
    for (const int room : who.rooms) {
      auto& end = state_.ends[static_cast<std::size_t>(room)];
      if (who.number < options_.clients / 2)
        end =
            std::max(end, read_end(state_.nodes.front(), who.token, people_.room_ids[static_cast<std::size_t>(room)]));
    }
}

void load::tell_what_is_missing() {
  const auto now = state_.now();
  for (const auto& each : clients_) {
    for (const auto& [key, room] : each->unanswered())
      state_.found.add({broken::unanswered, each->here(), room, 0, now, "no ack for the key " + key});
    for (const int room : each->rooms()) {
      const auto end = state_.ends[static_cast<std::size_t>(room)];
      const auto missing = each->received(room).missing(end);
      if (missing == 0) continue;
      const auto first = each->received(room).contiguous() + 1;
      state_.found.add({broken::lost, each->here(), room, first, state_.log.first_seen(room, first, now),
                        fmt::format("{} s after the last fault client {} has {} events of room {} not, from seq {} on",
                                    options_.bound, each->number(), missing, room, first)},
                       static_cast<std::uint64_t>(missing));
    }
  }
}

void load::judge() {
  for (int room = 0; room < options_.rooms; ++room) {
    const auto member = std::find_if(people_.clients.begin(), people_.clients.end(), [&](const auto& who) {
      return std::find(who.rooms.begin(), who.rooms.end(), room) != who.rooms.end();
    });
    const auto& id = people_.room_ids[static_cast<std::size_t>(room)];
    const auto log = read_log(state_.nodes.front(), member->token, id);
    state_.book.judge(room, log);
    for (std::size_t node = 1; node < state_.nodes.size(); ++node)
      state_.book.compare(room, static_cast<int>(node), log, read_log(state_.nodes[node], member->token, id));
  }
}

}  // namespace parley::bench
