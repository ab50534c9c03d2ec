// The search actor over a scripted index: what it says of its lag, and when it looks for rooms that nobody told of.
#include "actors/search_actor.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <utility>

#include "actors/job_actor.hpp"
#include "node_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What the index answers, and what happens meanwhile.
struct index_script {
  std::function<result<std::vector<room_id>>()> advance = [] { return std::vector<room_id>(); };
  std::vector<room_id> behind;  ///< What a look finds, once.
  std::vector<std::string> steps;
};

class scripted_index final : public search_index {
 public:
  explicit scripted_index(index_script& script) : script_(script) {}
  result<std::vector<room_id>> advance(std::span<const room_id>) override {
    script_.steps.emplace_back("advance");
    return script_.advance();
  }
  result<rooms_behind> find_behind(room_id) override {
    script_.steps.emplace_back("look");
    return rooms_behind{std::exchange(script_.behind, {}), std::nullopt};
  }

 private:
  index_script& script_;
};

class indexed_store final : public database {
 public:
  index_script script;
  result<void> migrate(const std::function<bool()>&) override { return {}; }
  result<std::unique_ptr<database_writer>> open_writer() override { return unavailable("no writer here"); }
  result<std::unique_ptr<database_reader>> open_reader() override { return unavailable("no reader here"); }
  result<std::unique_ptr<search_index>> open_search_index() override {
    return std::unique_ptr<search_index>(std::make_unique<scripted_index>(script));
  }
  result<std::vector<std::string>> pending_migrations() override { return std::vector<std::string>(); }
  [[nodiscard]] std::uint32_t max_writers() const override { return 1; }
};

class SearchActor : public node_fixture {
 protected:
  SearchActor() {
    thread_ = spawn_job_actor(*system, false);
    search_ = spawn_search_actor(*system, *services, indexed_, thread_);
    run();
    script().steps.clear();
  }
  ~SearchActor() override {
    caf::anon_send_exit(search_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(thread_, caf::exit_reason::user_shutdown);
    run();
    search_ = nullptr;
    thread_ = nullptr;
  }
  index_script& script() { return indexed_.script; }
  void write() { caf::anon_send(search_, room_written{room_, nullptr}); }
  [[nodiscard]] std::uint64_t observed() const {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i <= histogram::bucket_count; ++i) all += counts.search_lag_seconds.count_in(i);
    return all;
  }
  /// What was observed since the last call, in seconds.
  double lag() { return counts.search_lag_seconds.sum() - std::exchange(before_, counts.search_lag_seconds.sum()); }

  indexed_store indexed_;
  job_handle thread_;
  search_handle search_;
  room_id room_ = id_of<room_id>(3);

 private:
  double before_ = 0;
};

TEST_F(SearchActor, ARoomThatIsWrittenToAllTheTimeIsObservedAtEachStep) {
  script().advance = [this] {
    write();
    time.advance(milliseconds(400));
    return std::vector<room_id>();
  };
  write();
  run();
  advance(milliseconds(100));
  EXPECT_DOUBLE_EQ(lag(), 0.5);
  advance(milliseconds(100));
  EXPECT_DOUBLE_EQ(lag(), 0.5) << "from when the step before was over, behind which it was told";
  EXPECT_EQ(observed(), 2U);
}

TEST_F(SearchActor, WhereThereIsMoreTheLagGrowsFromTheFirstWordOfIt) {
  int steps_left = 4;
  script().advance = [this, &steps_left] {
    write();
    time.advance(seconds(2));
    return --steps_left > 0 ? std::vector{room_} : std::vector<room_id>();
  };
  write();
  run();
  advance(milliseconds(100));
  for (int i = 0; i < 3; ++i) advance(milliseconds(0));
  EXPECT_EQ(steps_left, 0);
  EXPECT_EQ(observed(), 4U);
  EXPECT_NEAR(lag(), 2.1 + 4.1 + 6.1 + 8.1, 0.001);
  script().advance = [] { return std::vector<room_id>(); };
  advance(milliseconds(100));
  EXPECT_NEAR(lag(), 0.1, 0.001) << "what was told behind the last step";
  EXPECT_EQ(counts.search_rooms_behind.value(), 0);
}

TEST_F(SearchActor, AnIndexThatFailsFallsBehind) {
  script().advance = [] { return unavailable("away"); };
  write();
  run();
  advance(milliseconds(100));
  for (int i = 0; i < 5; ++i) advance(seconds(1));
  EXPECT_EQ(observed(), 6U);
  EXPECT_NEAR(lag(), 0.1 + 1.1 + 2.1 + 3.1 + 4.1 + 5.1, 0.001);
}

TEST_F(SearchActor, WhenANodeIsGoneItLooksAtOnceAndStillOnlyEveryFiveMinutes) {
  script().behind = {room_};
  caf::anon_send(search_, look_for_rooms_behind{});
  run();
  advance(milliseconds(100));
  EXPECT_THAT(script().steps, ElementsAre("look", "advance"));
  script().steps.clear();
  advance(minutes(4));
  EXPECT_THAT(script().steps, IsEmpty());
  advance(minutes(1));
  advance(milliseconds(100));
  EXPECT_THAT(script().steps, ElementsAre("look"));
}

}  // namespace
}  // namespace parley::testing
