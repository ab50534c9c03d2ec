// One schedule; a victim has one fault at a time.
#include "verify/faults.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <utility>

namespace parley::bench {
namespace {

using std::chrono::milliseconds;

/// Cuts come after about so many bytes: some commands or answers, and in the middle of one.
constexpr int cut_redis_bytes = 4'000;
constexpr int cut_postgres_bytes = 30'000;

void run_shell(const std::string& command) {
  if (!command.empty() && std::system(command.c_str()) != 0)  // NOLINT(concurrency-mt-unsafe)
    throw std::runtime_error("the command failed: " + command);
}

bool concerns_a_node(fault_kind kind) {
  switch (kind) {
    case fault_kind::kill_node:
    case fault_kind::stop_node:
    case fault_kind::restart_node:
    case fault_kind::cut_redis:
    case fault_kind::partition_redis:
    case fault_kind::cut_postgres:
    case fault_kind::partition_postgres:
      return true;
    default:
      return false;
  }
}

bool concerns_a_redis(fault_kind kind) {
  switch (kind) {
    case fault_kind::kill_redis:
    case fault_kind::flush_redis:
    case fault_kind::pause_redis:
    case fault_kind::cut_redis:
    case fault_kind::partition_redis:
      return true;
    default:
      return false;
  }
}

}  // namespace

fault_runner::fault_runner(const verify_options& options, world* own)
    : own_(own),
      node_count_(own != nullptr ? own->nodes().size() : 0),
      random_(options.seed),
      busy_nodes_(node_count_, false) {
  for (const auto& spec : options.faults) faults_.push_back({spec, {}, false, {}, 0, {}, 0, 0});
  thread_ = std::thread([this] { run(); });
}

fault_runner::~fault_runner() {
  ends_ = true;
  thread_.join();
}

std::vector<fault_event> fault_runner::take_events() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

void fault_runner::tell(fault_event event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
}

/// Between three quarters and five quarters of it.
milliseconds fault_runner::about(milliseconds time) {
  const auto quarter = std::max<std::int64_t>(1, time.count() / 4);
  return time + milliseconds(std::uniform_int_distribution<std::int64_t>(-quarter, quarter)(random_));
}

void fault_runner::run() {
  bool is_scheduled = false;
  while (!ends_) {
    const auto now = clock::now();
    if (is_started_ && !is_scheduled) {
      is_scheduled = true;
      for (auto& fault : faults_) fault.next = now + about(fault.spec.every) / 2;
    }
    if (is_scheduled || is_finishing_) step(now);
    std::this_thread::sleep_for(milliseconds(2));
  }
}

void fault_runner::step(clock::time_point now) {
  const bool is_finishing = is_finishing_;
  for (auto& fault : faults_) {
    if (fault.is_active) {
      const bool needs_postgres = fault.spec.kind == fault_kind::kill_node || fault.spec.kind == fault_kind::kill_all;
      if ((is_finishing || now >= fault.heals) && !(needs_postgres && postgres_is_busy_)) heal(fault);
    } else if (!is_finishing && now >= fault.next && choose_victims(fault)) {
      begin(fault, now);
    }
  }
  is_over_ = is_finishing && std::none_of(faults_.begin(), faults_.end(), [](const auto& f) { return f.is_active; });
}

bool fault_runner::holds_redis(fault_kind kind) const {
  return kind == fault_kind::kill_redis || kind == fault_kind::flush_redis || kind == fault_kind::pause_redis ||
         kind == fault_kind::kill_all;
}

bool fault_runner::holds_postgres(fault_kind kind) const { return kind == fault_kind::restart_postgres; }

/// False when whoever it would concern has another fault now; it is tried again.
bool fault_runner::choose_victims(running& fault) {
  fault.victims.clear();
  const auto kind = fault.spec.kind;
  if ((holds_redis(kind) && redis_is_busy_) || (holds_postgres(kind) && postgres_is_busy_)) return false;
  if (concerns_a_redis(kind) && own_->redis_count() > 1) {
    fault.redis = std::uniform_int_distribution<std::size_t>(0, own_->redis_count() - 1)(random_);
  }
  std::vector<std::size_t> idle;
  for (std::size_t node = 0; node < node_count_; ++node)
    if (!busy_nodes_[node]) idle.push_back(node);
  if (kind == fault_kind::kill_all) {
    fault.victims = idle;
    return idle.size() == node_count_;
  }
  if (!concerns_a_node(kind)) return true;
  if (kind == fault_kind::restart_node) {
    const auto next = fault.turn % node_count_;
    if (busy_nodes_[next]) return false;
    ++fault.turn;
    fault.victims = {next};
    return true;
  }
  if (idle.empty()) return false;
  fault.victims = {idle[std::uniform_int_distribution<std::size_t>(0, idle.size() - 1)(random_)]};
  return true;
}

void fault_runner::begin(running& fault, clock::time_point now) {
  fault.number = ++count_;
  fault.is_active = true;
  for (const auto node : fault.victims) busy_nodes_[node] = true;
  redis_is_busy_ = redis_is_busy_ || holds_redis(fault.spec.kind);
  postgres_is_busy_ = postgres_is_busy_ || holds_postgres(fault.spec.kind);
  const bool stops = fault.spec.kind == fault_kind::restart_node;
  if (fault.spec.untold.count() > 0) {
    // Before anybody falls silent: what is sent now is what the others are not told.
    for (std::size_t redis = 0; redis < own_->redis_count(); ++redis)
      own_->redis_proxy(fault.victims.front(), redis).stall();
    std::this_thread::sleep_for(fault.spec.untold);
  }
  tell({fault_event::phase::begins, fault.number, name_of(fault), stops ? static_cast<int>(fault.victims.front()) : -1,
        std::nullopt});
  try {
    harm(fault);
  } catch (const std::exception& e) {
    tell({fault_event::phase::failed, fault.number, fault.spec.name + ": " + e.what(), -1, std::nullopt});
  }
  fault.next = now;
  fault.heals = now + fault.spec.untold + fault.spec.lasts;
}

std::string fault_runner::name_of(const running& fault) const {
  auto out = fault.spec.name;
  if (!fault.victims.empty()) out += fmt::format(" node {}", fmt::join(fault.victims, ","));
  if (concerns_a_redis(fault.spec.kind) && own_->redis_count() > 1) out += fmt::format(" redis {}", fault.redis);
  return out;
}

void fault_runner::heal(running& fault) {
  try {
    mend(fault);
  } catch (const std::exception& e) {
    tell({fault_event::phase::failed, fault.number, fault.spec.name + ": " + e.what(), -1, std::nullopt});
  }
  fault.is_active = false;
  for (const auto node : fault.victims) busy_nodes_[node] = false;
  if (holds_redis(fault.spec.kind)) redis_is_busy_ = false;
  if (holds_postgres(fault.spec.kind)) postgres_is_busy_ = false;
  tell({fault_event::phase::healed, fault.number, fault.spec.name, -1, std::nullopt});
  // From one beginning to the next; a moment at least without it.
  fault.next = std::max(fault.next + about(fault.spec.every), clock::now() + milliseconds(100));
}

void fault_runner::harm(running& fault) {
  const auto victim = fault.victims.empty() ? 0 : fault.victims.front();
  switch (fault.spec.kind) {
    case fault_kind::kill_node:
      own_->node(victim).kill();
      for (std::size_t redis = 0; redis < own_->redis_count(); ++redis) {
        own_->redis_proxy(victim, redis).drop();  // what it said last must not reach Redis after all
        own_->redis_proxy(victim, redis).heal();
      }
      return;
    case fault_kind::stop_node:
      return own_->node(victim).pause();
    case fault_kind::restart_node:
      if (const int code = own_->node(victim).terminate(); code != 0)
        tell({fault_event::phase::failed, fault.number, fmt::format("node {} exited with {}", victim, code), -1,
              broken::unquiet});
      return;
    case fault_kind::kill_redis:
      return own_->redis(fault.redis).kill();
    case fault_kind::flush_redis:
      own_->redis(fault.redis).run({"FLUSHALL"});
      return;
    case fault_kind::pause_redis:
      return own_->redis(fault.redis).pause();
    case fault_kind::cut_redis:
      own_->redis_proxy(victim, fault.redis).cut_after(cut_redis_bytes);
      return own_->redis_proxy(victim, fault.redis).cut_open_after(cut_redis_bytes);
    case fault_kind::partition_redis:
      return own_->redis_proxy(victim, fault.redis).stall();
    case fault_kind::restart_postgres:
      return own_->postgres().stop_immediately();
    case fault_kind::cut_postgres:
      own_->postgres_proxy(victim).cut_after(cut_postgres_bytes);
      return own_->postgres_proxy(victim).cut_open_after(cut_postgres_bytes);
    case fault_kind::partition_postgres:
      return own_->postgres_proxy(victim).stall();
    case fault_kind::kill_all:
      return kill_all_of(fault);
    case fault_kind::command:
      return run_shell(fault.spec.run);
  }
}

void fault_runner::kill_all_of(const running& fault) {
  for (const auto node : fault.victims) own_->node(node).kill();
  for (std::size_t redis = 0; redis < own_->redis_count(); ++redis) own_->redis(redis).kill();
}

void fault_runner::mend(running& fault) {
  const auto victim = fault.victims.empty() ? 0 : fault.victims.front();
  switch (fault.spec.kind) {
    case fault_kind::kill_node:
    case fault_kind::restart_node:
      return own_->node(victim).restart();
    case fault_kind::stop_node:
      return own_->node(victim).resume();
    case fault_kind::kill_redis:
      return own_->redis(fault.redis).start();
    case fault_kind::flush_redis:
      return;
    case fault_kind::pause_redis:
      return own_->redis(fault.redis).resume();
    case fault_kind::cut_redis:
    case fault_kind::partition_redis:
      return own_->redis_proxy(victim, fault.redis).heal();
    case fault_kind::restart_postgres:
      return own_->postgres().start();
    case fault_kind::cut_postgres:
    case fault_kind::partition_postgres:
      return own_->postgres_proxy(victim).heal();
    case fault_kind::kill_all:
      for (std::size_t redis = 0; redis < own_->redis_count(); ++redis) own_->redis(redis).start();
      for (const auto node : fault.victims) own_->node(node).restart();
      return;
    case fault_kind::command:
      return run_shell(fault.spec.undo);
  }
}

}  // namespace parley::bench
