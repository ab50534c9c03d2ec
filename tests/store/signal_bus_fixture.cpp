// The kinds of bus of this build, and the steps of their tests.
#include "signal_bus_fixture.hpp"

#include "database_fixture.hpp"
#include "support/memory_signal_bus.hpp"
#include "support/redis_server.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class memory_signals_under_test final : public signals_under_test {
 public:
  std::unique_ptr<signal_bus> open_node() override { return bus_.open_node(); }
  void set_up(bool is_up) override { bus_.set_up(is_up); }
  void add_unreadable(const uuid& subject) override { bus_.add_unreadable(subject); }

 private:
  support::memory_signal_bus bus_;
};

class redis_signals_under_test final : public signals_under_test {
 public:
  std::unique_ptr<signal_bus> open_node() override { return open_redis_signal_bus(options_, numbered_uuid(++nodes_)); }
  void set_up(bool is_up) override { is_up ? server_.resume() : server_.pause(); }
  void hurry() override { options_ = hurried(options_); }
  void add_unreadable(const uuid& subject) override {
    server_.run({"PUBLISH", signal_channel(subject, 16), "\2 s3cret"});
  }

 private:
  support::redis_server server_;
  redis_signal_options options_ = signal_options_for(server_.url());
  std::uint64_t nodes_ = 0;
};

void add_to(heard_signals& sum, heard_signals more) {
  for (auto& each : more.signals) sum.signals.push_back(each);
  sum.hint = sum.hint || more.hint;
  sum.unreadable += more.unreadable;
  sum.subjects = more.subjects;
}

/// Of the small numbers that tests use.
std::string number_in(const uuid& id) { return std::to_string(id.bytes[5]); }

std::string text_of_signal(const signal_body& body) {
  if (const auto* typing = std::get_if<typing_signal>(&body)) {
    return (typing->is_typing ? "typing " : "typed ") + number_in(typing->user);
  }
  const auto& read = std::get<read_signal>(body);
  return "read " + number_in(read.user) + " " + std::to_string(read.seq);
}

}  // namespace

std::vector<signals_kind> signals_kinds() {
  return {{"memory", false, [] { return std::make_unique<memory_signals_under_test>(); }},
          {"redis", true, [] { return std::make_unique<redis_signals_under_test>(); }}};
}

redis_signal_options signal_options_for(const std::string& url) {
  redis_signal_options options;
  options.redis = expect_value(parse_redis_url(url));
  options.redis.connect = milliseconds(3'000);
  options.redis.answer = milliseconds(3'000);
  return options;
}

redis_signal_options hurried(redis_signal_options options) {
  options.redis.connect = milliseconds(500);
  options.redis.answer = milliseconds(500);
  return options;
}

signal_node redis_signal_node(const redis_signal_options& options) {
  static std::uint64_t nodes = 2'000;
  return signal_node(open_redis_signal_bus(options, numbered_uuid(++nodes)));
}

ephemeral_signal typing_in(const uuid& subject, std::uint64_t number) {
  return {subject, typing_signal{user_id(numbered_uuid(number)), true}};
}

std::vector<std::string> texts_of(const heard_signals& heard, const uuid* subject) {
  std::vector<std::string> texts;
  for (const auto& each : heard.signals) {
    if (subject == nullptr || each.subject == *subject) texts.push_back(text_of_signal(each.body));
  }
  return texts;
}

void publish(signal_node& node, const std::vector<ephemeral_signal>& signals) {
  expect_value(node.publisher->publish(signals));
}

heard_signals settle(signal_node& node, std::size_t subjects) {
  return listen_until(node, [=](const auto& heard) { return heard.subjects == subjects; });
}

heard_signals attend(signal_node& node, const std::vector<uuid>& subjects) {
  for (const auto& each : subjects) node.subscriber->attend(each);
  return settle(node, subjects.size());
}

heard_signals listen_until(signal_node& node, const std::function<bool(const heard_signals&)>& is_enough) {
  heard_signals sum;
  const auto end = steady_clock::now() + std::chrono::seconds(10);
  do {
    auto heard = node.subscriber->listen(milliseconds(50));
    if (heard) add_to(sum, std::move(*heard));
  } while (!is_enough(sum) && steady_clock::now() < end);
  EXPECT_TRUE(is_enough(sum)) << sum.signals.size() << " signals, " << sum.subjects << " subjects";
  return sum;
}

}  // namespace parley::test
