// Threads for the shards, and their common end.
#include "net/shard_pool.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <future>

#include "parley/processors.hpp"

namespace parley {

namespace {
// Connections end by themselves once their sockets are closed. Whatever has not ended by then is discarded.
constexpr auto stop_patience = std::chrono::seconds(2);
}  // namespace

shard_pool::shard_pool(const config& settings, metrics& counts, const delivery_lease& lease, send_way way) {
  const std::uint32_t count = settings.net.threads != 0 ? settings.net.threads : usable_processors();
  for (std::uint32_t i = 0; i < std::max(count, 1U); ++i) {
    shards_.push_back(std::make_unique<delivery_shard>(i, settings, counts, lease, create_sender(way)));
  }
}

shard_pool::~shard_pool() { stop(); }

void shard_pool::start() {
  for (const auto& shard : shards_) {
    threads_.emplace_back([&shard = *shard] { shard.run(); });
  }
}

void shard_pool::stop() {
  if (stopped_) return;
  stopped_ = true;
  on_each([](delivery_shard& shard) { shard.close_all(); });
  if (threads_.empty()) return;
  std::promise<void> joined;
  std::thread watchdog([this, ended = joined.get_future()] {
    if (ended.wait_for(stop_patience) == std::future_status::ready) return;
    for (const auto& shard : shards_) shard->stop_context();
  });
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  joined.set_value();
  watchdog.join();
}

void shard_pool::on_each(const std::function<void(delivery_shard&)>& task) {
  for (const auto& shard : shards_) {
    boost::asio::post(shard->context(), [task, &shard = *shard] { task(shard); });
  }
}

void shard_pool::begin_drain(std::chrono::milliseconds duration, std::function<void()> when_done) {
  // The last shard to finish drops the last copy.
  const std::shared_ptr<void> last(nullptr, [done = std::move(when_done)](void*) {
    if (done) done();
  });
  on_each([duration, last](delivery_shard& shard) { shard.begin_drain(duration, [last] {}); });
}

void shard_pool::enqueue(std::uint32_t shard, shard_work work) {
  if (shard < shards_.size()) shards_[shard]->enqueue(std::move(work));
}

void shard_pool::deliver(std::uint32_t shard, room_delivery what) { enqueue(shard, std::move(what)); }
void shard_pool::broadcast(std::uint32_t shard, room_broadcast what) { enqueue(shard, std::move(what)); }
void shard_pool::attach(connection_ref to, attachment what) {
  enqueue(to.shard, attach_work{to.number, std::move(what)});
}
void shard_pool::detach(connection_ref from, room_id room) { enqueue(from.shard, detach_work{from.number, room}); }
void shard_pool::send(connection_ref to, outgoing what, std::function<void()> when_drained) {
  enqueue(to.shard, send_work{to.number, std::move(what), std::move(when_drained)});
}
void shard_pool::close(connection_ref to, close_code code) { enqueue(to.shard, close_work{to.number, code}); }
void shard_pool::revoke(const revocation& what, std::shared_ptr<void> ended) {
  for (std::uint32_t i = 0; i < shard_count(); ++i) enqueue(i, revoke_work{what, ended});
}
void shard_pool::fail_room(room_id room) {
  for (std::uint32_t i = 0; i < shard_count(); ++i) enqueue(i, fail_work{room});
}

}  // namespace parley
