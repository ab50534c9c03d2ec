// Everybody sends and everybody receives; of what is received only the type and the seq are looked at.
#include "durable.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

#include "across/stamp.hpp"
#include "ceiling/sample.hpp"
#include "client_loop.hpp"
#include "load/pace.hpp"
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
        course_([this](const load_part& part) { show_progress(part, end_); }) {}

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
    auto ages_ns = std::exchange(ack_ages_ns_, {});
    wait_for_the_rest();
    end_line();
    durable_figures out;
    out.troubles = troubles_;
    out.course = course_.take();
    for (const auto age : ages_ns) out.acks.add(age);
    out.seconds = static_cast<double>(after.at_ns - before.at_ns) / 1e9;
    out.acknowledged = ages_ns.size();
    out.p50_ms = percentile_ms(ages_ns, 0.50);
    out.p99_ms = percentile_ms(ages_ns, 0.99);
    out.p999_ms = percentile_ms(ages_ns, 0.999);
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
    seq_watch seen;
  };

  void connect_all() {
    senders_.resize(options_.senders);
    for (std::uint32_t number = 0; number < options_.senders; ++number) {
      loop_.read(loop_.connect(server_.address(),
                               fmt::format("/ws/bench-{}/sender-{}?replay=none", number % options_.rooms, number),
                               options_.senders));
    }
    const auto until = now_ns() + grace_ns;
    while (ready_ < options_.senders && now_ns() < until) loop_.run_for(step_seconds);
    if (ready_ < options_.senders) throw std::runtime_error(fmt::format("{} clients are ready, not all", ready_));
  }

  void send(std::size_t number) {
    auto& from = senders_[number];
    from.sent_at_ns.push_back(now_ns());
    course_.note_sent();
    ++sent_;
    due_ += members_of(number) - 1;
    loop_.send_text(number, fmt::format(R"({{"type":"send_message","data":{{"content":"{}","client_msg_id":"{}"}}}})",
                                        sample_content, sample_key(number, ++from.sent)));
  }

  /// Of the sender's room.
  [[nodiscard]] std::uint64_t members_of(std::size_t number) const {
    const auto room = number % options_.rooms;
    return options_.senders / options_.rooms + (room < options_.senders % options_.rooms ? 1 : 0);
  }

  void on_frame(std::size_t number, std::string_view payload) {
    const bool is_ack = is_type(payload, "\"ack\"");
    const bool is_message = !is_ack && is_type(payload, "\"new_message\"");
    if (is_ack || is_message) {
      if (const auto seq = number_in(payload, "seq")) senders_[number].seen.see(*seq, troubles_.seqs);
    }
    if (is_message) {
      ++delivered_;  // not in the course, whose times are those of the acks
    } else if (is_ack) {
      auto& from = senders_[number];
      ++answered_;
      if (from.sent_at_ns.empty()) return;  // once more
      ack_ages_ns_.push_back(now_ns() - from.sent_at_ns.front());
      course_.note_acknowledged();
      course_.note_time(ack_ages_ns_.back());
      from.sent_at_ns.pop_front();
      if (is_sending_) send(number);
    } else if (is_type(payload, "\"ready\"")) {
      ++ready_;
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

  void wait_for_the_rest() {
    is_sending_ = false;
    const auto until = now_ns() + grace_ns;
    while ((answered_ < sent_ || delivered_ < due_) && now_ns() < until) loop_.run_for(step_seconds);
    troubles_.unanswered = sent_ - std::min(sent_, answered_);
    troubles_.missing = due_ - std::min(due_, delivered_);
    course_.note_seqs(troubles_.seqs);
    course_.end(now_ns(), watch_);
  }

  void run_for(double seconds) {
    const auto until = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (auto now = now_ns(); now < until; now = now_ns()) {
      loop_.run_for(std::min(step_seconds, static_cast<double>(until - now) / 1e9));
      course_.note_seqs(troubles_.seqs);
      course_.tick(now_ns(), watch_);
    }
  }

  const server_process& server_;
  const postgres_server* database_;
  durable_options options_;
  client_loop loop_;
  std::vector<sender> senders_;
  std::vector<std::int64_t> ack_ages_ns_;
  load_troubles troubles_;
  std::uint64_t sent_ = 0, answered_ = 0;  ///< Messages.
  std::uint64_t due_ = 0, delivered_ = 0;  ///< Their deliveries.
  bool is_sending_ = true;
  std::size_t ready_ = 0;
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
