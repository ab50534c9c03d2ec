// The deterministic node for actor tests.
#include "actor_world.hpp"

#include <algorithm>

#include "actors/sweep_actor.hpp"

namespace parley::testing {

namespace {

/// Holds, catches up and starts again after a room's death, as a real session does, and writes down what it is told.
class small_session final : public session_handle::base {
 public:
  small_session(caf::actor_config& config, actor_world& world, client& state)
      : session_handle::base(config), world_(world), state_(state) {}

  behavior_type make_behavior() override {
    return {
        [](session_started) {},
        [](const session_frame&) {},
        [](const session_bootstrap&) {},
        [this](const room_held& what) { on_held(what); },
        [this](const room_unknown& what) { state_.news.push_back("unknown " + std::string(to_string(what.why.code))); },
        [this](const catch_up_step& what) { on_step(what); },
        [](const store_page&) {},
        [this](outbox_drained) { ask(); },
        [this](room_failed what) { on_failed(what); },
        [](const presence_failed&) {},
        [this](user_joined_room) { state_.news.emplace_back("joined"); },
        [this](user_left_room) { state_.news.emplace_back("left"); },
        [this](const friend_changed& what) {
          state_.news.push_back("friend " + std::string(to_string(what.what.status)));
        },
        [this](const token_ended& what) {
          state_.news.push_back("token ended " + std::to_string(static_cast<int>(what.code)));
        },
        [this](role_granted what) { state_.news.emplace_back(to_string(what.granted)); },
        [this](session_ended) { quit(); },
        [](look_up_done& what) { what.then(); },
    };
  }

 private:
  void on_held(const room_held& what) {
    state_.actor = what.actor;
    state_.is_member = what.is_member;
    ask();
  }
  void ask() {
    if (!state_.go_live || state_.attached || !state_.actor) return;
    send(state_.actor,
         catch_up{state_.connection, state_.user, ++state_.replay, state_.after, state_.events_left, true});
  }
  void on_step(const catch_up_step& what) {
    if (what.replay != state_.replay) return;
    using kind = catch_up_step::kind;
    state_.steps.push_back(what.what);
    if (what.what != kind::read_store) state_.after = what.position;
    state_.events_left -= std::min(what.events, state_.events_left);
    if (what.what == kind::attached) {
      state_.attached = true;
    } else if (what.what == kind::page || what.what == kind::limit) {
      const auto again = what.what == kind::page ? [me = session_handle(this)] { caf::anon_send(me, outbox_drained{}); }
                                                 : std::function<void()>{};
      world_.out.send(state_.connection, {what.frames, what.events, 0}, again);
    } else if (what.what == kind::beyond_end) {
      delayed_send(this, std::chrono::milliseconds(100), outbox_drained{});
    } else if (what.what == kind::read_store) {
      read_store(what.position);
    }
  }
  void read_store(sequence log_end) {
    constexpr std::uint32_t page = 5;
    std::string frames;
    std::uint32_t count = 0;
    const auto found = (*world_.source.open_reader())->events_after(state_.room, state_.after, page);
    if (!found) return state_.news.emplace_back("unread"), void();
    if (found->empty()) state_.after = log_end;
    for (const auto& event : *found) {
      world_.encoder.append_event(frames, event);
      state_.after = event.seq;
      ++count;
    }
    state_.events_left -= std::min(count, state_.events_left);
    world_.out.send(state_.connection, {std::make_shared<const std::string>(frames), count, 0},
                    [me = session_handle(this)] { caf::anon_send(me, outbox_drained{}); });
  }
  void on_failed(const room_failed& what) {
    if (!state_.room.is_nil() && what.room != state_.room) return;  // all sessions are told
    state_.news.push_back("failed " + std::to_string(what.position));
    if (what.position == room_failed::unknown_position && state_.attached) return;
    if (what.position != room_failed::unknown_position) state_.after = what.position;
    state_.attached = false;
    state_.actor = nullptr;
    ++state_.replay;
    send(world_.services->directory,
         to_room{what.room, hold_room{what.room, state_.user, state_.connection, session_handle(this)}});
  }

  actor_world& world_;
  client& state_;
};

}  // namespace

actor_world::actor_world(std::uint32_t shards, database* other_store)
    : out(shards), source(other_store != nullptr ? *other_store : store) {
  caf_settings_.set("scheduler.policy", caf::atom("testing"));
  caf_settings_.set("logger.verbosity", caf::atom("quiet"));
  system = std::make_unique<caf::actor_system>(caf_settings_);
  scheduler = dynamic_cast<caf::scheduler::test_coordinator*>(&system->scheduler());
  services = std::make_unique<actor_services>(settings, out, encoder, counts, time, ids);
  storage_ = std::make_unique<storage_pool>(
      *services, std::vector<storage_handle>{spawn_storage_actor(*system, *services, source, false)});
  reads_ = std::make_unique<read_pool>(
      *services, std::vector<reading_place>{spawn_reading_actor(*system, *services, source, false)});
  services->storage = storage_.get();
  services->reads = reads_.get();
  services->directory = spawn_directory(*system, *services);
  out.on_room_failed = [this](connection_ref connection, room_id room, sequence position) {
    for (const auto& each : clients_) {
      if (each->connection == connection && each->session) caf::anon_send(each->session, room_failed{room, position});
    }
  };
}

actor_world::~actor_world() {
  for (const auto& each : clients_) disconnect(*each);
  run();
  caf::anon_send(services->directory, close_directory{answer<std::monostate>([](const auto&) {})});
  run();
  storage_->stop();
  reads_->stop();
  if (bus_) {
    bus_->stop();
    caf::anon_send_exit(stream_reader_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(services->sweep, caf::exit_reason::user_shutdown);
  }
  if (signals_) signals_->stop();
  caf::anon_send_exit(services->directory, caf::exit_reason::user_shutdown);
  run();
  services->directory = nullptr;
  services->sweep = nullptr;
  stream_reader_ = nullptr;
  signal_subscriber_ = nullptr;
  signals_.reset();
  bus_.reset();
  for (auto& each : clients_) {
    each->session = nullptr;
    each->actor = nullptr;
  }
  out.run_all();
  storage_.reset();
  reads_.reset();
  system.reset();
}

void actor_world::join(event_stream& stream) {
  const auto backlog = std::make_shared<stream_backlog>();
  backlog->bound =
      std::make_shared<queue_bound>(static_cast<std::int64_t>(settings.bus.backlog_bytes), counts.stream_backlog_bytes);
  bus_ = std::make_unique<event_bus>(
      std::vector<event_bus::lane>{{spawn_stream_writer_on_scheduler(*system, *services, stream, backlog), backlog}},
      settings.bus.partitions);
  services->bus = bus_.get();
  services->sweep = spawn_sweep(*system, *services);
  stream_reader_ =
      spawn_stream_reader_on_scheduler(*system, *services, stream, std::make_shared<stream_lags>(counts.stream_lag_ms));
}

void actor_world::hear() {
  wake_reader();
  run();
}

void actor_world::wake_reader() { caf::anon_send(stream_reader_, read_stream{}); }

void actor_world::join(signal_bus& bus) {
  const auto backlog = std::make_shared<signal_backlog>();
  backlog->bound = std::make_shared<queue_bound>(settings.bus.signal_queue, counts.signal_queue);
  auto subscriber = bus.open_subscriber();
  auto wake = subscriber->waker();
  signal_subscriber_ = spawn_signal_subscriber_on_scheduler(*system, *services, std::move(subscriber));
  signals_ = std::make_unique<signal_exchange>(
      std::vector<signal_exchange::lane>{{spawn_signal_publisher_on_scheduler(*system, *services, bus, backlog),
                                          backlog, signal_subscriber_, std::move(wake)}},
      settings.bus.partitions, counts.signals_dropped_total);
  services->signals = signals_.get();
}

void actor_world::listen() {
  caf::anon_send(signal_subscriber_, hear_signals{});
  run();
}

client& actor_world::connect(user_id user, std::uint32_t shard, std::optional<token_hash> log_in) {
  auto& made = *clients_.emplace_back(std::make_unique<client>());
  made.user = user;
  made.connection = {shard, ++last_number_};
  out.connections[made.connection] = {};
  made.session = system->spawn<small_session>(*this, made);
  token_hash usual;
  usual.bytes[0] = user.bytes[15];
  const auto token = log_in.value_or(usual);
  caf::anon_send(services->directory, register_session{user, token, made.connection, made.session});
  return made;
}

void actor_world::hold(client& who, room_id room, bool go_live) {
  who.room = room;
  who.go_live = go_live;
  caf::anon_send(services->directory, to_room{room, hold_room{room, who.user, who.connection, who.session}});
}

void actor_world::disconnect(client& who) {
  if (!who.session) return;
  caf::anon_send(who.session, session_ended{});
  who.session = nullptr;
}

void actor_world::post(client& who, const std::string& frame_id, durable_command command, bool wants_answer) {
  auto pending = std::make_shared<pending_command>();
  pending->user = who.user;
  pending->command = std::move(command);
  pending->connection = pending_command::from_connection{who.connection, frame_id, wants_answer};
  pending->reply =
      answer<change_room::reply>([this, &who, frame_id, wants_answer](const result<change_room::reply>& done) {
        who.answered.push_back(frame_id);
        who.results[frame_id] = done ? "ok" : std::string(to_string(done.error().code));
        if (done) return;
        std::string frame;
        encoder.append_error(frame, frame_id, done.error());
        out.send(who.connection, {std::make_shared<const std::string>(frame), 1, wants_answer ? 1U : 0U}, {});
      });
  caf::anon_send(who.actor, post_to_room{std::move(pending)});
}

void actor_world::say(client& who, const std::string& frame_id, const std::string& content) {
  post(who, frame_id, send_message{content, {}, {}, frame_id});
}

void actor_world::post_by_rest(room_id room, user_id user, const std::string& name, durable_command command) {
  auto pending = std::make_shared<pending_command>();
  pending->user = user;
  pending->command = std::move(command);
  pending->reply = answer<change_room::reply>([this, name](const result<change_room::reply>& done) {
    auto& told = rest_results[name];
    if (!done) {
      told = std::string(to_string(done.error().code));
      return;
    }
    told = "ok";
    if (const auto* sent = std::get_if<message_ack>(&done->ack)) {
      told += (sent->duplicate ? " again " : " ") + std::to_string(sent->seq);
    }
  });
  caf::anon_send(services->directory, to_room{room, post_to_room{std::move(pending)}});
}

void actor_world::ask_catch_up(client& who, sequence after) {
  who.attached = false;
  who.go_live = true;
  who.after = after;
  who.events_left = 200;
  caf::anon_send(who.actor, catch_up{who.connection, who.user, ++who.replay, after, who.events_left, true});
}

void actor_world::run() {
  do {
    run_actors();
    out.run_all();
  } while (scheduler->has_job() || !out.idle());
}

void actor_world::run_actors() {
  while (scheduler->has_job()) scheduler->run_once();
}

bool actor_world::step(std::mt19937& dice) {
  const auto actors = scheduler->jobs.size();
  std::vector<std::uint32_t> shards;
  for (std::uint32_t i = 0; i < out.shard_count(); ++i) {
    if (out.waiting(i) > 0) shards.push_back(i);
  }
  if (actors + shards.size() == 0) return false;
  const auto chosen = std::uniform_int_distribution<std::size_t>(0, actors + shards.size() - 1)(dice);
  if (chosen < actors) {
    auto& jobs = scheduler->jobs;
    std::rotate(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(chosen), jobs.end());
    scheduler->run_once();
  } else {
    out.run_one(shards[chosen - actors]);
  }
  return true;
}

void actor_world::advance(std::chrono::milliseconds by) {
  time.advance(by);
  scheduler->clock().advance_time(by);
  run();
}

}  // namespace parley::testing
