// A node's connections to the simulated store.
#include "actors/empty_database.hpp"
#include "simulation/simulated_store.hpp"

namespace parley::simulation {
namespace {

class simulated_writer final : public database_writer {
 public:
  explicit simulated_writer(const simulated_database& node) : node_(node) {}

  result<batch_result> commit(std::span<const append_command> commands, std::span<const write_job> jobs) override {
    if (node_.is_cut_off()) return unavailable("This node is gone.");
    const auto* identity = node_.identity();
    const auto mine = identity != nullptr ? identity->get() : uuid{};
    auto done = node_.shared().commit(commands, jobs, identity != nullptr ? &mine : nullptr);
    // It may have been killed in the middle of it.
    if (node_.is_cut_off()) return unavailable("This node is gone.");
    return done;
  }
  result<void> probe() override {
    if (node_.is_cut_off() || !node_.shared().is_up) return unavailable("The store does not answer.");
    return {};
  }
  [[nodiscard]] bool commits_jobs_apart() const override { return node_.shared().keeps_jobs_apart; }
  void tidy() override {}

 private:
  const simulated_database& node_;
};

class simulated_reader final : public testing::empty_reader {
 public:
  explicit simulated_reader(const simulated_database& node) : node_(node) {}

  result<std::optional<room_snapshot>> snapshot(room_id room) override {
    if (!works()) return no_answer();
    return node_.shared().snapshot(room);
  }
  result<bool> is_member(user_id user, room_id room) override {
    if (!works()) return no_answer();
    return node_.shared().is_member(room, user);
  }
  result<std::vector<durable_event>> events_after(room_id room, sequence after, std::uint32_t limit) override {
    if (!works()) return no_answer();
    std::vector<durable_event> found;
    for (const auto& event : node_.shared().log(room)) {
      if (event.seq > after && found.size() < limit) found.push_back(event);
    }
    return found;
  }
  result<sequence> last_seq(room_id room) override {
    if (!works()) return no_answer();
    return node_.shared().last_seq(room);
  }
  result<std::vector<std::pair<room_id, sequence>>> last_seqs(std::span<const room_id> rooms) override {
    if (!works()) return no_answer();
    std::vector<std::pair<room_id, sequence>> found;
    for (const auto& room : rooms) found.emplace_back(room, node_.shared().last_seq(room));
    return found;
  }

 private:
  [[nodiscard]] bool works() const { return !node_.is_cut_off() && node_.shared().is_up && node_.shared().reads_work; }
  static error no_answer() { return unavailable("The store does not answer."); }

  const simulated_database& node_;
};

}  // namespace

result<std::unique_ptr<database_writer>> simulated_database::open_writer() {
  return std::unique_ptr<database_writer>(std::make_unique<simulated_writer>(*this));
}

result<std::unique_ptr<database_reader>> simulated_database::open_reader() {
  return std::unique_ptr<database_reader>(std::make_unique<simulated_reader>(*this));
}

}  // namespace parley::simulation
