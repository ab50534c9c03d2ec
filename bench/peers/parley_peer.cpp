// Parley itself, on both stores, and the floor, which speaks its protocol.
#include <unistd.h>

#include <optional>
#include <system_error>

#include "measured_postgres.hpp"
#include "peers/catalogue.hpp"
#include "peers/floor/ring_kind.hpp"
#include "peers/parley_client.hpp"
#include "peers/postgres.hpp"
#include "peers/simple_server.hpp"
#include "support/free_port.hpp"

namespace parley::bench {
namespace {

class parley_server final : public peer_server {
 public:
  parley_server(const peer_programs& programs, bool has_postgres) {
    auto settings = programs.settings;
    if (has_postgres) settings.push_back("store.url=" + database_.emplace(measured_postgres_options()).new_database());
    process_.emplace(support::server_process::parleyd(programs.parleyd, settings));
  }

  [[nodiscard]] support::target address() const override { return process_->address(); }
  [[nodiscard]] cpu_times cpu() const override {
    return {process_->cpu_seconds_with_children(), database_ ? database_->cpu_seconds() : 0};
  }
  [[nodiscard]] std::unique_ptr<peer_client> new_client(const member_place& place) const override {
    return std::make_unique<parley_client>(place, false);
  }

 private:
  std::optional<support::postgres_server> database_;
  std::optional<support::server_process> process_;
};

std::optional<std::string> missing_file(const std::string& path) {
  if (::access(path.c_str(), X_OK) == 0) return std::nullopt;
  return path + " is not built";
}

std::optional<std::string> missing_ring(const std::string& name) {
  io_uring tried{};
  if (const int outcome = open_ring(ring_kind_of(name).value(), tried); outcome < 0)
    return "io_uring: " + std::generic_category().message(-outcome);
  io_uring_queue_exit(&tried);
  return std::nullopt;
}

}  // namespace

peer floor_peer(const peer_programs& programs, const std::string& ring_name) {
  peer out;
  out.name = ring_name.empty() ? "floor" : "floor-" + ring_name;
  out.title = ring_name.empty() ? "floor: bare send loop" : "floor: " + ring_name;
  out.is_only_by_name = !ring_name.empty() && ring_name != "uring";
  out.stored = "no";
  out.acknowledged = "echo";
  out.missing = [programs, ring_name] {
    auto missing = missing_file(programs.floor);
    return missing || ring_name.empty() ? missing : missing_ring(ring_name);
  };
  out.start = [programs, ring_name] {
    const auto port = support::free_port();
    return std::make_unique<simple_server>(
        "floor", port,
        [&](const own_folder&) {
          std::vector<std::string> words{programs.floor, std::to_string(port)};
          if (!ring_name.empty()) words.push_back(ring_name);
          return words;
        },
        [](const member_place& place) { return std::make_unique<parley_client>(place, true); });
  };
  out.version = [] { return std::string("of this build"); };
  return out;
}

peer parley_peer(const peer_programs& programs) {
  peer out;
  out.name = "parley";
  out.title = "parleyd, SQLite";
  out.stored = "flushed";
  out.acknowledged = "ack";
  out.is_parley = true;
  out.missing = [programs] { return missing_file(programs.parleyd); };
  out.start = [programs] { return std::make_unique<parley_server>(programs, false); };
  out.version = [programs] { return first_line_of(programs.parleyd + " --version"); };
  return out;
}

peer parley_plain_peer(const peer_programs& programs) {
  auto other = programs;
  other.settings.emplace_back("net.send=plain");
  auto out = parley_peer(other);
  out.name = "parley-plain";
  out.title = "parleyd, plain sends";
  return out;
}

peer parley_postgres_peer(const peer_programs& programs) {
  auto out = parley_peer(programs);
  out.name = "parley-postgres";
  out.title = "parleyd, PostgreSQL";
  out.missing = [programs] {
    auto missing = missing_file(programs.parleyd);
    return missing ? missing : missing_postgres();
  };
  out.start = [programs] { return std::make_unique<parley_server>(programs, true); };
  out.version = [programs] {
    return first_line_of(programs.parleyd + " --version") + ", " + package_version(postgres_package());
  };
  return out;
}

}  // namespace parley::bench
