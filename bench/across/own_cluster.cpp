// Starting servers and nodes in their order.
#include "across/own_cluster.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "measured_postgres.hpp"
#include "support/temporary_folder.hpp"

namespace parley::bench {

own_cluster::own_cluster(const std::string& parleyd, const std::vector<std::string>& settings,
                         const std::vector<std::string>& postgres_options) {
  folder_ = support::new_temporary_folder("across");
  if (!support::redis_server::is_installed())
    throw std::runtime_error("redis-server is not here; install the package redis-server");
  postgres_.emplace(measured_postgres_options(postgres_options));
  store_url_ = postgres_->new_database();
  redis_.emplace();
  for (const int number : {0, 1}) {
    std::vector<std::string> all{
        "store.url=" + store_url_,       "bus.url=" + redis_->url(),    fmt::format("node.name=node{}", number),
        "limits.send_rate_per_second=0", "limits.frames_per_second=0",  "limits.overload_ms=0",
        "limits.changes_per_second=0",   "auth.password_memory_kib=64",
    };
    all.insert(all.end(), settings.begin(), settings.end());
    nodes_.push_back(support::server_process::node(parleyd, all, fmt::format("{}/node{}.log", folder_, number)));
  }
}

own_cluster::~own_cluster() {
  nodes_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::vector<support::target> own_cluster::nodes() const {
  std::vector<support::target> out;
  for (const auto& node : nodes_) out.push_back(node.address());
  return out;
}

double own_cluster::node_cpu_seconds(std::size_t first) const {
  double seconds = 0;
  for (auto i = first; i < nodes_.size(); ++i) seconds += nodes_[i].cpu_seconds();
  return seconds;
}

std::vector<pid_t> own_cluster::pids(std::size_t first) const {
  std::vector<pid_t> out;
  for (auto i = first; i < nodes_.size(); ++i) out.push_back(nodes_[i].pid());
  return out;
}

}  // namespace parley::bench
