// Composition of the actors' side: who is made in which order, which actors have threads, and the order of stopping.
#include "actors/broker_runtime.hpp"

#include <algorithm>
#include <future>
#include <thread>

#include "actors/account_actor.hpp"
#include "actors/actor_broker.hpp"
#include "actors/actor_services.hpp"
#include "actors/control_actor.hpp"
#include "actors/directory_actor.hpp"
#include "actors/file_actor.hpp"
#include "actors/file_shelf.hpp"
#include "actors/job_actor.hpp"
#include "actors/presence_actor.hpp"
#include "actors/read_pool.hpp"
#include "actors/removal_actor.hpp"
#include "actors/room_tail_actor.hpp"
#include "actors/roster_actor.hpp"
#include "actors/run_next_policy.hpp"
#include "actors/search_actor.hpp"
#include "actors/session_desk.hpp"
#include "actors/signal_exchange.hpp"
#include "actors/storage_pool.hpp"
#include "actors/stream_reader_actor.hpp"
#include "actors/stream_writer_actor.hpp"
#include "actors/sweep_actor.hpp"
#include "actors/trace_actor.hpp"
#include "parley/credentials.hpp"
#include "parley/log.hpp"
#include "parley/processors.hpp"

namespace parley {
namespace {

using moment = std::chrono::steady_clock::time_point;
constexpr std::chrono::seconds start_patience{30};
/// Each takes a processor for as long as it lasts.
constexpr std::uint32_t searches_at_once = 1;
/// What does not go out by then the other nodes find in the store.
constexpr std::chrono::seconds patience_with_bus{1};

/// Reads neither files nor arguments, and is quiet: settings and logs are the node's.
struct system_settings : caf::actor_system_config {
  system_settings() {
    load<run_next_policy::coordinator>();
    set("scheduler.max-threads", std::size_t{usable_processors()});
    set("scheduler.max-throughput", std::size_t{100});
    set("logger.console", caf::atom("none"));
    set("logger.console-verbosity", caf::atom("quiet"));
    set("logger.file-verbosity", caf::atom("quiet"));
  }
};

/// True when it came true in time. Polls: only starts and stops wait here.
template <class Condition>
bool wait_until(moment deadline, Condition condition) {
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class runtime final : public broker_runtime {
 public:
  explicit runtime(const broker_parts& parts)
      : services_owner_(std::make_unique<actor_services>(parts.settings, parts.out, parts.encoder, parts.counts,
                                                         parts.time, parts.ids)),
        services_(*services_owner_),
        system_(std::make_unique<caf::actor_system>(*settings_)),
        threads_of_system_(system_->detached_actors()) {
    services_.faults = parts.faults;
    services_.identity = parts.identity;
    storage_ = storage_pool::spawn(*system_, services_, parts.store);
    services_.storage = storage_.get();
    reads_ = read_pool::spawn(*system_, services_, parts.store, parts.settings.store.readers);
    searches_ = read_pool::spawn(*system_, services_, parts.store, searches_at_once);
    services_.searches = searches_.get();
    services_.reads = reads_.get();
    can_read_ = reads_->readiness();
    if (parts.files != nullptr) {
      for (std::uint32_t i = 0; i < std::max(1U, parts.settings.files.threads); ++i) {
        file_threads_.push_back(spawn_job_actor(*system_));
      }
      shelf_ = make_store_shelf(*parts.files, file_threads_);
    } else {
      shelf_ = make_database_shelf(*storage_, *reads_);
    }
    services_.shelf = shelf_.get();
    if (parts.is_node) {
      search_thread_ = spawn_job_actor(*system_);
      services_.search = spawn_search_actor(*system_, services_, parts.store, search_thread_);
    }
    services_.make_presence = spawn_presence;
    services_.directory = spawn_directory(*system_, services_);
    if (!parts.bus.empty()) join_bus(parts.bus);
    for (std::uint32_t i = 0; i < std::max(1U, parts.settings.auth.password_threads); ++i) {
      hashers_.push_back(spawn_job_actor(*system_));
    }
    accounts_ = spawn_account_actor(*system_, services_, hashers_);
    files_ = spawn_file_actor(*system_, services_, parts.is_node);
    port_ = std::make_unique<actor_broker>(*system_, services_, accounts_, files_);
  }
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  ~runtime() override { stop(std::chrono::seconds(10)); }

  broker& client_port() override { return *port_; }
  [[nodiscard]] bool store_ok() const override {
    return services_.store_ok() && can_read_() && services_.knows_who_is_out();
  }

  /// Nothing may be delivered before the control log was read once. The caller blocks.
  result<void> join_cluster(control_log& log, delivery_lease& lease, node_identity& identity) {
    // Without a bus there is to be no other node: then this one goes on serving while it cannot read the log.
    if (services_.bus != nullptr) {
      lease.expire();
      services_.lease = &lease;
    }
    const auto began = std::make_shared<std::promise<result<std::monostate>>>();
    auto read = began->get_future();
    services_.control = spawn_control(
        *system_, services_,
        {log, lease, identity, accounts_,
         answer<std::monostate>([began](result<std::monostate> done) { began->set_value(std::move(done)); })});
    if (read.wait_for(start_patience) != std::future_status::ready || !read.get()) {
      return unavailable("The control log could not be read at the start.");
    }
    services_.on_hint = [control = services_.control] { caf::anon_send(control, read_control_log{}); };
    return {};
  }

  /// Last, since it begins at once with what others use.
  void begin_removals() { services_.removals = spawn_removal_actor(*system_, services_); }

  /// Behind join_cluster, since hints come with signals.
  void open_signals(std::span<const std::unique_ptr<signal_bus>> buses) {
    signals_ = open_signal_exchange(*system_, services_, buses);
    services_.signals = signals_.get();
  }

  /// Behind open_signals.
  void serve_operators(room_roster* roster) {
    if (services_.identity == nullptr) return;
    if (services_.signals != nullptr) services_.tracer = spawn_tracer(*system_, services_);
    if (roster != nullptr) services_.roster = spawn_roster(*system_, services_, *roster);
  }

  /// Behind join_cluster: without the control log nobody would know what may be believed.
  void open_sessions(std::span<const std::unique_ptr<session_cache>> caches) {
    std::vector<session_desk_handle> desks;
    for (const auto& cache : caches) {
      cache->sign_with(services_.file_key);
      desks.push_back(spawn_session_desk(*system_, services_, *cache));
    }
    sessions_ = std::make_unique<session_desks>(services_, std::move(desks));
    services_.sessions = sessions_.get();
  }

  /// Embedded: who was online when the last process ended is not any more.
  result<void> clear_presence() {
    return write_and_wait([](record_writer& writer) { return writer.clear_presence(); });
  }

  result<void> keep_file_key() {
    const auto key = std::make_shared<std::string>();
    auto kept = write_and_wait([key, fresh = new_signing_key()](record_writer& writer) -> result<void> {
      auto found = writer.keep_secret("file_key", fresh);
      if (!found) return found.error();
      *key = std::move(*found);
      return {};
    });
    if (kept) services_.file_key = *key;
    return kept;
  }

  /// What a room's partition is must be the same on all nodes.
  result<void> keep_bus_partitions() {
    const auto ours = std::to_string(services_.settings.bus.partitions);
    const auto kept = std::make_shared<std::string>();
    auto done = write_and_wait([kept, ours](record_writer& writer) -> result<void> {
      auto found = writer.keep_secret("bus_partitions", ours);
      if (!found) return found.error();
      *kept = std::move(*found);
      return {};
    });
    if (!done || *kept == ours) return done;
    return make_error(error_code::conflict, "bus.partitions is " + ours + " here, but " + *kept +
                                                " in the store; all nodes of a store need the same.");
  }

  void stop(std::chrono::milliseconds patience) override {
    if (std::exchange(stopped_, true)) return;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    caf::anon_send_exit(accounts_, caf::exit_reason::user_shutdown);
    if (services_.control) caf::anon_send_exit(services_.control, caf::exit_reason::user_shutdown);
    for (const auto& hasher : hashers_) caf::anon_send_exit(hasher, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(files_, caf::exit_reason::user_shutdown);
    if (services_.removals) caf::anon_send_exit(services_.removals, caf::exit_reason::user_shutdown);
    for (const auto& reader : stream_readers_) caf::anon_send_exit(reader, caf::exit_reason::user_shutdown);
    if (services_.tracer) caf::anon_send_exit(services_.tracer, caf::exit_reason::user_shutdown);
    if (services_.roster) caf::anon_send_exit(services_.roster, caf::exit_reason::user_shutdown);
    if (services_.sweep) caf::anon_send_exit(services_.sweep, caf::exit_reason::user_shutdown);
    if (search_thread_) {
      caf::anon_send_exit(services_.search, caf::exit_reason::user_shutdown);
      caf::anon_send_exit(search_thread_, caf::exit_reason::user_shutdown);
    }
    for (const auto& thread : file_threads_) caf::anon_send_exit(thread, caf::exit_reason::user_shutdown);
    // Their connections are gone, so they end by themselves.
    wait_until(std::min(deadline, std::chrono::steady_clock::now() + patience / 4),
               [this] { return services_.counts.sessions.value() <= 0; });
    close_directory_until(deadline);
    wait_until(deadline, [this] { return services_.counts.storage_queue.value() <= 0; });
    if (bus_) {
      wait_until(std::min(deadline, std::chrono::steady_clock::now() + patience_with_bus),
                 [this] { return services_.counts.stream_backlog_bytes.value() <= 0; });
      bus_->stop();
    }
    if (sessions_) sessions_->stop();
    if (tails_) tails_->stop();
    if (signals_) signals_->stop();
    storage_->stop();
    reads_->stop();
    searches_->stop();
    const bool all_quit = wait_until(deadline, [this] { return system_->registry().running() == 0; });
    let_go_of_handles();
    // A detached actor's thread ends only when nobody holds a handle of it any more.
    finish(all_quit && wait_until(deadline, [this] { return system_->detached_actors() <= threads_of_system_; }));
  }

 private:
  void join_bus(std::span<const std::unique_ptr<event_stream>> streams) {
    std::vector<event_bus::lane> lanes;
    for (const auto& stream : streams) {
      const auto backlog = std::make_shared<stream_backlog>();
      backlog->bound = std::make_shared<queue_bound>(static_cast<std::int64_t>(services_.settings.bus.backlog_bytes),
                                                     services_.counts.stream_backlog_bytes);
      lanes.push_back({spawn_stream_writer(*system_, services_, *stream, backlog), backlog});
    }
    bus_ = std::make_unique<event_bus>(std::move(lanes), services_.settings.bus.partitions);
    services_.bus = bus_.get();
    services_.sweep = spawn_sweep(*system_, services_);
    const auto lags = std::make_shared<stream_lags>(services_.counts.stream_lag_ms);
    for (const auto& stream : streams) {
      stream_readers_.push_back(spawn_stream_reader(*system_, services_, *stream, lags));
    }
    if (services_.settings.bus.tail_entries == 0) return;
    std::vector<room_tail_handle> tails;
    for (const auto& stream : streams) tails.push_back(spawn_room_tails(*system_, services_, *stream));
    tails_ = std::make_unique<room_tails>(services_, std::move(tails));
    services_.tails = tails_.get();
  }

  /// At the start only: the caller blocks.
  result<void> write_and_wait(write_job job) {
    const auto done = std::make_shared<std::promise<result<std::monostate>>>();
    auto written = done->get_future();
    storage_->write({}, std::move(job), answer<std::monostate>([done](result<std::monostate> outcome) {
                      done->set_value(std::move(outcome));
                    }));
    if (written.wait_for(start_patience) != std::future_status::ready) {
      return unavailable("The store did not answer at the start.");
    }
    const auto outcome = written.get();
    if (!outcome) return outcome.error();
    return {};
  }

  void close_directory_until(moment deadline) {
    const auto done = std::make_shared<std::promise<void>>();
    auto closed = done->get_future();
    caf::anon_send(
        services_.directory,
        close_directory{answer<std::monostate>([done](const result<std::monostate>&) { done->set_value(); })});
    if (closed.wait_until(deadline) != std::future_status::ready) {
      log::error("runtime", "rooms_did_not_stop",
                 "Rooms did not finish in time; read markers may be older than they were");
    }
  }

  void let_go_of_handles() {
    accounts_ = nullptr;
    hashers_.clear();
    files_ = nullptr;
    stream_readers_.clear();
    file_threads_.clear();
    search_thread_ = nullptr;
    if (system_->registry().running() > 0) return;  // somebody may still use what stands here
    services_.removals = nullptr;
    services_.sweep = nullptr;
    services_.tracer = nullptr;
    services_.roster = nullptr;
    services_.control = nullptr;
    services_.on_hint = nullptr;
    services_.search = nullptr;
    services_.directory = nullptr;
    services_.storage = nullptr;
    services_.reads = nullptr;
    services_.searches = nullptr;
    services_.shelf = nullptr;
    services_.bus = nullptr;
    services_.tails = nullptr;
    services_.sessions = nullptr;
    services_.signals = nullptr;
    bus_.reset();
    tails_.reset();
    sessions_.reset();
    signals_.reset();
    port_.reset();
    shelf_.reset();
    storage_.reset();
    reads_.reset();
    searches_.reset();
  }

  /// A system with actors that do not end would wait for ever: it is left to the end of the process, with all it uses.
  void finish(bool everybody_ended) {
    if (everybody_ended) {
      system_.reset();
      return;
    }
    log::error("runtime", "actors_did_not_stop", "{} actors and {} of their threads did not end in time",
               system_->registry().running(), system_->detached_actors() - threads_of_system_);
    (void)port_.release();
    (void)shelf_.release();
    (void)bus_.release();
    (void)tails_.release();
    (void)sessions_.release();
    (void)signals_.release();
    (void)storage_.release();
    (void)reads_.release();
    (void)system_.release();
    (void)settings_.release();
    (void)services_owner_.release();
  }

  std::unique_ptr<system_settings> settings_ = std::make_unique<system_settings>();
  std::unique_ptr<actor_services> services_owner_;
  actor_services& services_;
  std::unique_ptr<caf::actor_system> system_;
  std::size_t threads_of_system_;
  std::unique_ptr<storage_pool> storage_;
  std::unique_ptr<read_pool> reads_, searches_;
  std::function<bool()> can_read_;
  std::unique_ptr<file_shelf> shelf_;
  std::unique_ptr<event_bus> bus_;
  std::unique_ptr<room_tails> tails_;
  std::unique_ptr<session_desks> sessions_;
  std::unique_ptr<signal_exchange> signals_;
  std::vector<stream_reader_handle> stream_readers_;
  std::vector<job_handle> hashers_;
  std::vector<job_handle> file_threads_;
  file_handle files_;
  job_handle search_thread_;
  account_handle accounts_;
  std::unique_ptr<actor_broker> port_;
  bool stopped_ = false;
};

}  // namespace

result<std::unique_ptr<broker_runtime>> create_broker(const broker_parts& parts) {
  auto made = std::make_unique<runtime>(parts);
  if (const auto kept = made->keep_file_key(); !kept) return kept.error();
  if (!parts.bus.empty()) {
    if (const auto kept = made->keep_bus_partitions(); !kept) return kept.error();
  }
  if (parts.control != nullptr) {
    if (const auto joined = made->join_cluster(*parts.control, *parts.lease, *parts.identity); !joined)
      return joined.error();
  }
  if (!parts.signals.empty()) made->open_signals(parts.signals);
  made->serve_operators(parts.roster);
  if (!parts.sessions.empty()) made->open_sessions(parts.sessions);
  // Beside other nodes: those who are online there are not this one's to clear.
  if (parts.is_node && parts.bus.empty()) {
    if (const auto cleared = made->clear_presence(); !cleared) return cleared.error();
  }
  if (parts.is_node) made->begin_removals();
  return std::unique_ptr<broker_runtime>(std::move(made));
}

}  // namespace parley
