// The absence, the return, and what it took.
#include "load/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include "across/background.hpp"
#include "across/stamp.hpp"
#include "load/crowd_clients.hpp"
#include "load/measured_server.hpp"
#include "parley/config.hpp"
#include "report/course.hpp"
#include "report/progress.hpp"
#include "report/report.hpp"
#include "report/time_left.hpp"
#include "storm/query_count.hpp"

namespace parley::bench {
namespace {

/// Unanswered sends of a room's writer.
constexpr std::size_t most_unanswered_of_a_writer = 32;
constexpr std::size_t statement_width = 110;
/// Of an event in a ring beside its content; rather more than less.
constexpr std::size_t frame_bytes = 512;

/// Connections of a user.
constexpr std::size_t several = 5;

/// Of a node that is started here as it comes, the rooms' rings hold it all.
bool is_in_memory(const replay_options& options) {
  const auto defaults = config{}.replay;
  return options.server.node_url.empty() && options.server.settings.empty() && options.missed < defaults.ring_events &&
         options.missed * (options.size + frame_bytes) < defaults.ring_bytes;
}

class replay_run {
 public:
  explicit replay_run(const replay_options& options)
      : options_(options),
        server_(with_statements(options.server)),
        people_(make_crowd(server_.address(), options.users, options.rooms, 1)),
        clients_(server_.address(), people_, options.clients,
                 [this](std::size_t client, std::string_view frame) { on_frame(client, frame); }),
        last_(options.rooms),
        seen_(options.clients),
        received_(options.clients),
        left_(std::uint64_t{options.clients} * options.missed),
        course_([this](const load_part& part) { show(part); }, short_part_ns(server_.watch())) {
    if (server_.store_url()) statements_ = std::make_unique<query_count>(*server_.store_url());
  }

  /// What speaks against it: events from the store where the rings have them, or a statement for each client, though
  /// users come with several, whose sessions the store is asked for together.
  [[nodiscard]] std::string objection() const {
    if (!is_in_memory(options_)) return {};
    if (from_store_ > 0)
      return fmt::format("{:.0f} events came from the store, though the rings held them", from_store_);
    if (options_.clients >= several * options_.users && statements_each_ > 1)
      return fmt::format("{:.2f} statements for a client, though one is enough", statements_each_);
    return {};
  }

  load_report run() {
    write_before();
    const auto room_ends = last_;
    write_missed();
    if (options_.connected) clients_.connect(0, options_.clients, at_once);
    resume_after_ = room_ends;
    const auto counters_before = sum_of_counters({server_.address()});
    if (statements_) statements_->begin();
    const auto before = server_.watch().read();
    const auto database_before = server_.database_cpu_seconds();
    began_ns_ = steady_ns();
    course_.begin(began_ns_, server_.watch());
    come_back();
    while (done_ < options_.clients && steady_ns() - began_ns_ < static_cast<std::int64_t>(options_.bound * 1e9) &&
           clients_.broken().empty()) {
      clients_.step(std::chrono::milliseconds(5));
      tick();
    }
    course_.note_seqs(troubles_.seqs);
    course_.end(steady_ns(), server_.watch());
    end_line();
    const auto seconds = static_cast<double>(steady_ns() - began_ns_) / 1e9;
    const auto after = server_.watch().read();
    if (!before || !after) throw std::runtime_error("the server's CPU cannot be read");
    auto report = report_of(seconds, after->cpu_seconds - before->cpu_seconds, counters_before);
    if (database_before)
      report.figures.push_back(
          {"database_cpu_seconds", "PostgreSQL's CPU", *server_.database_cpu_seconds() - *database_before, "s"});
    return report;
  }

 private:
  static constexpr std::size_t at_once = 200;

  static server_options with_statements(server_options options) {
    options.count_statements = true;
    return options;
  }

  /// A message in each room, so that each has an end to come back to.
  void write_before() { write(1); }
  void write_missed() { write(options_.missed); }

  /// The first member of each room writes, on a connection of its own.
  void write(std::size_t each) {
    std::vector<std::size_t> sent(options_.rooms), answered(options_.rooms);
    crowd writers_of;
    for (std::size_t room = 0; room < options_.rooms; ++room) writers_of.tokens.push_back(people_.tokens[room]);
    std::size_t unwritten = options_.rooms * each;
    crowd_clients* speak = nullptr;
    const auto go_on = [&](std::size_t room) {
      while (sent[room] < each && sent[room] - answered[room] < most_unanswered_of_a_writer) {
        ++sent[room];
        speak->send_text(room, fmt::format(R"({{"type":"send_message","data":{{"room_id":"{}","content":"{}"}}}})",
                                           people_.room_ids[room], stamped_content(sent[room], options_.size)));
      }
    };
    crowd_clients writers(server_.address(), writers_of, options_.rooms, [&](std::size_t room, std::string_view frame) {
      if (is_of_type(frame, "error")) throw std::runtime_error("a message was refused: " + std::string(frame));
      if (!is_of_type(frame, "ack")) return;
      last_[room] = number_in(frame, "seq").value_or(last_[room]);
      ++answered[room];
      --unwritten;
      go_on(room);
    });
    speak = &writers;
    writers.connect(0, options_.rooms, at_once);
    for (std::size_t room = 0; room < options_.rooms; ++room) go_on(room);
    while (unwritten > 0 && writers.broken().empty()) writers.step(std::chrono::milliseconds(5));
    if (!writers.broken().empty()) throw std::runtime_error("a writer's connection ended: " + writers.broken());
  }

  void come_back() {
    is_back_ = true;
    if (options_.connected) {
      for (std::size_t client = 0; client < options_.clients; ++client) resume(client);
      return;
    }
    clients_.on_ready = [this](std::size_t client) { resume(client); };
    clients_.on_step = [this] { tick(); };
    clients_.connect(0, options_.clients, options_.clients);
  }

  void tick() {
    course_.note_seqs(troubles_.seqs);
    course_.tick(steady_ns(), server_.watch());
  }

  /// Nobody knows before how long it takes, but how much is to come.
  void show(const load_part& part) {
    left_.note(part.at, events_);
    show_progress(part, left_.end());
  }

  void resume(std::size_t client) {
    const auto room = people_.room_of(client % options_.users);
    clients_.send_text(client, fmt::format(R"({{"type":"resume","id":"r","data":{{"rooms":{{"{}":{}}}}}}})",
                                           people_.room_ids[room], resume_after_[room]));
    course_.note_sent();
  }

  void on_frame(std::size_t client, std::string_view frame) {
    if (!is_back_) return;
    if (is_of_type(frame, "error")) {
      ++troubles_.refused;
      if (troubles_.first_refusal.empty()) troubles_.first_refusal = frame;
    }
    if (!is_of_type(frame, "new_message")) return;
    if (const auto seq = number_in(frame, "seq")) seen_[client].see(*seq, troubles_.seqs);
    course_.note_delivered();
    ++events_;
    if (++received_[client] != options_.missed) return;
    ++done_;
    const auto took = steady_ns() - began_ns_;
    back_.add(took);
    course_.note_time(took);
  }

  load_report report_of(double seconds, double cpu, const std::map<std::string, double>& counters_before) {
    for (const auto count : received_)
      troubles_.missing += options_.missed - std::min<std::size_t>(options_.missed, count);
    const auto counters = sum_of_counters({server_.address()});
    const auto grown = [&](const char* name) {
      const auto was = counters_before.find(name);
      const auto is = counters.find(name);
      return (is == counters.end() ? 0 : is->second) - (was == counters_before.end() ? 0 : was->second);
    };
    load_report report;
    report.scenario = "replay";
    report.title = fmt::format("{} clients of {} users in {} rooms {}, {} missed events of {} B each", options_.clients,
                               options_.users, options_.rooms,
                               options_.connected ? "ask at once for what they missed" : "come back at once",
                               options_.missed, options_.size);
    report.server = server_.name();
    report.options = {{"clients", static_cast<double>(options_.clients)},
                      {"users", static_cast<double>(options_.users)},
                      {"rooms", static_cast<double>(options_.rooms)},
                      {"missed", static_cast<double>(options_.missed)},
                      {"size", static_cast<double>(options_.size)}};
    troubles_.broken = clients_.broken();
    report.troubles = troubles_;
    report.course = course_.take();
    report.latencies = {{"back", "from the return's begin until all is there", back_}};
    const auto count = static_cast<double>(events_);
    from_store_ = grown("parley_replay_events_store_total");
    report.figures = {
        {"seconds", "until the last one had everything", seconds, "s"},
        {"events_per_second", "events", count / seconds, "a second"},
        {"events_per_core_second", "events for a second of the server's CPU", cpu > 0 ? count / cpu : 0, ""},
        {"server_cpu_us", "the server's CPU for an event", cpu * 1e6 / std::max(count, 1.0), "us"},
        {"from_store", "events that came from the store", from_store_, ""}};
    if (statements_) {
      double calls = 0;
      for (const auto& statement : statements_->read()) {
        calls += static_cast<double>(statement.calls);
        if (statement.calls * 10 >= options_.clients)  // not what happens now and then
          fmt::print(stderr, "{:>8} {}\n", statement.calls, statement.sql.substr(0, statement_width));
      }
      statements_each_ = calls / static_cast<double>(options_.clients);
      report.figures.push_back({"statements_per_client", "PostgreSQL's statements for a client", statements_each_, ""});
    }
    return report;
  }

  const replay_options& options_;
  measured_server server_;
  crowd people_;
  std::unique_ptr<query_count> statements_;
  crowd_clients clients_;
  std::vector<std::uint64_t> last_;          ///< By room: the last acknowledged seq.
  std::vector<std::uint64_t> resume_after_;  ///< By room.
  std::vector<seq_watch> seen_;              ///< By client.
  std::vector<std::size_t> received_;
  load_troubles troubles_;
  latency_histogram back_;
  std::uint64_t events_ = 0;  ///< Had by all clients together.
  time_left left_;
  load_course course_;
  double from_store_ = 0, statements_each_ = 0;
  bool is_back_ = false;
  std::size_t done_ = 0;
  std::int64_t began_ns_ = 0;
};

}  // namespace

bool run_replay(const replay_options& options) {
  validate(options.server);
  if (options.users < options.rooms) throw std::invalid_argument("--users is at least --rooms: each room has a writer");
  replay_run run(options);
  const auto report = run.run();
  tell(report, options.report);
  const auto objection = run.objection();
  if (!objection.empty()) fmt::print(stderr, "{}\n", objection);
  return report.troubles.is_complete() && report.troubles.refused == 0 && objection.empty();
}

}  // namespace parley::bench
