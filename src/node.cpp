// Builds a node from its parts in the order in which they need one another, and stops it in the opposite order.
#include "node.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "actors/broker_runtime.hpp"
#include "net/json_encoder.hpp"
#include "net/net_server.hpp"
#include "node_settings.hpp"
#include "parley/clock.hpp"
#include "parley/database.hpp"
#include "parley/ids.hpp"
#include "parley/log.hpp"
#include "parley/metrics.hpp"
#include "store/directory_file_store.hpp"
#include "store/open_database.hpp"
#include "store/open_event_stream.hpp"

namespace parley {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// A wait that somebody else may end early.
class interruptible_wait {
 public:
  void finish() {
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finished_; });
  }
  void wait_for(duration<double> limit) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, limit, [this] { return finished_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
};

class running_node final : public node {
 public:
  running_node(const config& settings, const fault_points& faults)
      : settings_(settings), faults_(faults), net_(settings_, json_encoder(), counts_, lease_) {}

  ~running_node() override { stop(true); }

  result<void> begin(const std::function<bool()>& is_over) {
    // First of all: a store that was migrated for a node that then cannot start could not go back.
    if (auto bound = net_.bind(); !bound) return bound;
    auto opened = open_database(settings_, counts_, &identity_);
    if (!opened) return opened.error();
    database_ = std::move(opened.value());
    if (auto sound = check_bus_url(settings_); !sound) return sound;
    bus_ = open_event_streams(settings_, system_ids());
    control_ = open_control_log(settings_, counts_);
    signals_ = open_signal_buses(settings_, system_ids());
    roster_ = open_room_roster(settings_);
    sessions_ = open_session_caches(settings_);
    if (auto door = net_.open_admin_socket(admin_socket()); !door) return door;
    auto files = open_file_store(settings_);
    if (!files) return files.error();
    files_ = std::move(files.value());
    if (auto migrated = database_->migrate(is_over); !migrated) return migrated;
    auto made = create_broker({settings_, *database_, net_.deliveries(), json_encoder(), counts_, system_clock(),
                               system_ids(), files_.get(), faults_, true, bus_, signals_, sessions_, control_.get(),
                               control_ ? &lease_ : nullptr, &identity_, roster_.get()});
    if (!made) return made.error();
    actors_ = std::move(made.value());
    auto listening = net_.start(actors_->client_port(), [actors = actors_.get()] { return actors->store_ok(); });
    if (!listening) return listening;
    const auto scheme = settings_.net.tls_certificate.empty() ? "http" : "https";
    const auto address = parse_listen_address(settings_.net.listen);
    log::info("node", "listening", "{} on {}://{}:{}/{}", settings_.node.name, scheme, address.value().host,
              net_.port(), settings_.dev ? " (development: no token needed)" : "");
    return {};
  }

  [[nodiscard]] std::uint16_t port() const override { return net_.port(); }
  result<void> reload_certificates() override { return net_.reload_certificates(); }

  void stop(bool quick) override {
    if (stopped_) return;
    stopped_ = true;
    net_.set_unready();
    if (!quick) {
      hurried_.wait_for(duration<double>(settings_.drain.ready_seconds));
      net_.begin_drain(duration_cast<milliseconds>(duration<double>(settings_.drain.seconds)),
                       [this] { drained_.finish(); });
      drained_.wait();
    }
    // The sockets go first, then what they talk to; the actors still finish what they accepted.
    net_.stop();
    actors_.reset();
    bus_.clear();
    control_.reset();
    signals_.clear();
    roster_.reset();
    sessions_.clear();
    database_.reset();
  }

  void hurry() override {
    hurried_.finish();
    // Everybody has a turn now, and still gets what is owed and a close frame.
    net_.begin_drain(milliseconds(0), [this] { drained_.finish(); });
  }

 private:
  /// A file beside the store may have a name that is too long for a socket's; a node without it is still a node.
  [[nodiscard]] std::string admin_socket() const {
    auto path = admin_socket_path(settings_);
    if (settings_.admin.socket != "auto" || path.size() <= longest_admin_socket_path) return path;
    log::warn("node", "no_admin_socket", "{} is too long a name for a socket; set admin.socket to a shorter one", path);
    return {};
  }

  const config settings_;
  const fault_points faults_;
  metrics counts_;
  // Before what finishes them from threads of its own.
  interruptible_wait hurried_;
  interruptible_wait drained_;
  node_identity identity_{system_ids().next()};
  delivery_lease lease_;  // outlives both who extend and who look at it
  net_server net_;        // outlives the actors, which deliver through it
  std::unique_ptr<database> database_;
  std::vector<std::unique_ptr<event_stream>> bus_;
  std::vector<std::unique_ptr<signal_bus>> signals_;
  std::unique_ptr<room_roster> roster_;
  std::vector<std::unique_ptr<session_cache>> sessions_;
  std::unique_ptr<control_log> control_;  ///< Null without PostgreSQL.
  std::unique_ptr<file_store> files_;     ///< Null: the database keeps them.
  std::unique_ptr<broker_runtime> actors_;
  bool stopped_ = false;
};

}  // namespace

result<std::unique_ptr<node>> node::start(const config& settings, const fault_points& faults,
                                          const std::function<bool()>& is_over) {
  auto made = std::make_unique<running_node>(settings, faults);
  if (auto begun = made->begin(is_over); !begun) return begun.error();
  return std::unique_ptr<node>(std::move(made));
}

result<void> check_settings(const config& settings) {
  if (auto sound = check_store_url(settings); !sound) return sound;
  if (auto sound = check_bus_url(settings); !sound) return sound;
  if (auto files = resolved_files_url(settings); !files) return files.error();
  return check_net(settings);
}

result<void> migrate_store(const config& settings) {
  if (auto sound = check_net(settings); !sound) return sound;
  metrics counts;
  auto opened = open_database(settings, counts);
  if (!opened) return opened.error();
  return opened.value()->migrate();
}

result<std::vector<std::string>> pending_migrations(const config& settings) {
  metrics counts;
  return find_pending_migrations(settings, counts);
}

}  // namespace parley
