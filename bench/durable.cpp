// Everybody sends and everybody receives; of what is received only the acks are looked at.
#include "durable.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <vector>

#include "ceiling/sample.hpp"
#include "client_loop.hpp"
#include "report/progress.hpp"
#include "scrape.hpp"
#include "support/process_times.hpp"

namespace parley::bench {
namespace {

constexpr double most_warm_up = 2;
constexpr double step_seconds = 0.1;

/// Everything that only grows, at one moment.
struct readings {
  std::int64_t at_ns = 0;
  double server_cpu = 0, database_cpu = 0, client_cpu = 0;
  double commits = 0, commands = 0, commit_seconds = 0;
};

class durable_run {
 public:
  durable_run(const server_process& server, const postgres_server* database, const durable_options& options)
      : server_(server),
        database_(database),
        options_(options),
        loop_([this](std::size_t number, std::string_view payload) { on_frame(number, payload); }),
        watch_(server.pid()),
        course_([this](const load_second& second) { show_progress(second, end_); }) {}

  durable_figures run() {
    connect_all();
    const auto warm_up = std::min(most_warm_up, options_.seconds / 4);
    end_ = warm_up + options_.seconds;
    course_.begin(now_ns(), watch_);
    for (std::size_t number = 0; number < senders_.size(); ++number)
      for (std::uint32_t i = 0; i < options_.outstanding; ++i) send(number);
    run_for(warm_up);
    ack_ages_ns_.clear();
    const auto before = read();
    run_for(options_.seconds);
    const auto after = read();
    end_line();
    durable_figures out;
    out.course = course_.take();
    for (const auto age : ack_ages_ns_) out.acks.add(age);
    out.seconds = static_cast<double>(after.at_ns - before.at_ns) / 1e9;
    out.acknowledged = ack_ages_ns_.size();
    out.p50_ms = percentile_ms(ack_ages_ns_, 0.50);
    out.p99_ms = percentile_ms(ack_ages_ns_, 0.99);
    out.p999_ms = percentile_ms(ack_ages_ns_, 0.999);
    out.server_cpu_seconds = after.server_cpu - before.server_cpu;
    out.database_cpu_seconds = after.database_cpu - before.database_cpu;
    out.client_cpu_seconds = after.client_cpu - before.client_cpu;
    out.commits = after.commits - before.commits;
    out.batch_commands = after.commands - before.commands;
    out.commit_seconds = after.commit_seconds - before.commit_seconds;
    return out;
  }

 private:
  struct sender {
    std::deque<std::int64_t> sent_at_ns;  ///< Acks come in the order of the sends.
    std::uint64_t sent = 0;
  };

  void connect_all() {
    senders_.resize(options_.senders);
    for (std::uint32_t number = 0; number < options_.senders; ++number) {
      loop_.connect(server_.address(),
                    fmt::format("/ws/bench-{}/sender-{}?replay=none", number % options_.rooms, number),
                    options_.senders);
    }
    loop_.run_for(0.5);
  }

  void send(std::size_t number) {
    auto& from = senders_[number];
    from.sent_at_ns.push_back(now_ns());
    course_.note_sent();
    loop_.send_text(number, fmt::format(R"({{"type":"send_message","data":{{"content":"{}","client_msg_id":"{}"}}}})",
                                        sample_content, sample_key(number, ++from.sent)));
  }

  void on_frame(std::size_t number, std::string_view payload) {
    if (is_type(payload, "\"ack\"")) {
      auto& from = senders_[number];
      ack_ages_ns_.push_back(now_ns() - from.sent_at_ns.front());
      course_.note_acknowledged();
      course_.note_time(ack_ages_ns_.back());
      from.sent_at_ns.pop_front();
      send(number);
    } else if (is_type(payload, "\"error\"")) {
      throw std::runtime_error("the server answered: " + std::string(payload));
    }
  }

  readings read() const {
    const auto counts = scrape(server_.address());
    return {now_ns(),
            server_.cpu_seconds(),
            database_ != nullptr ? database_->cpu_seconds() : 0,
            support::cpu_seconds_of(::getpid()),
            counts.at("parley_commits_total"),
            counts.at("parley_batch_commands_sum"),
            counts.at("parley_commit_seconds_sum")};
  }

  void run_for(double seconds) {
    const auto until = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (auto now = now_ns(); now < until; now = now_ns()) {
      loop_.run_for(std::min(step_seconds, static_cast<double>(until - now) / 1e9));
      course_.tick(now_ns(), watch_);
    }
  }

  const server_process& server_;
  const postgres_server* database_;
  durable_options options_;
  client_loop loop_;
  std::vector<sender> senders_;
  std::vector<std::int64_t> ack_ages_ns_;
  double end_ = 0;  ///< Of the run with its warm-up, in seconds.
  server_watch watch_;
  load_course course_;
};

}  // namespace

durable_figures run_durable(const server_process& server, const postgres_server* database,
                            const durable_options& options) {
  return durable_run(server, database, options).run();
}

}  // namespace parley::bench
