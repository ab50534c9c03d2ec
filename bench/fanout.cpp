// The senders, the receivers that count, and the sample of them that reads the messages' times.
#include "fanout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "client_loop.hpp"

namespace parley::bench {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::size_t stamp_digits = 20;
/// Every receiver counts; one in so many also reads the message's time.
constexpr std::uint32_t sample_every = 8;

std::int64_t age_ns(std::string_view payload) {
  constexpr std::string_view field = "\"content\":\"";
  const auto at = payload.find(field);
  if (at == std::string_view::npos) return -1;
  std::int64_t stamp = 0;
  const auto* digits = payload.data() + at + field.size();
  std::from_chars(digits, digits + stamp_digits, stamp);
  return now_ns() - stamp;
}

class fanout_run {
 public:
  fanout_run(const server_process& server, const fanout_options& options)
      : server_(server),
        options_(options),
        loop_([this](std::size_t number, std::string_view payload) { on_frame(clients_[number], payload); }) {}

  fanout_figures run() {
    connect_all();
    for (std::uint32_t room = 0; room < options_.rooms; ++room)
      for (std::uint32_t i = 0; i < options_.outstanding; ++i) send(room);
    run_for(std::min(1.0, options_.seconds / 4));  // warm-up
    sent_ = deliveries_ = 0;
    ages_ns_.clear();
    ack_ages_ns_.clear();
    const auto cpu_before = server_.cpu_seconds();
    const auto start = clock::now();
    run_for(options_.seconds);
    fanout_figures out;
    out.seconds = std::chrono::duration<double>(clock::now() - start).count();
    out.cpu_seconds = server_.cpu_seconds() - cpu_before;
    out.sent = sent_;
    out.deliveries = deliveries_;
    out.p50_ms = percentile_ms(ages_ns_, 0.50);
    out.p99_ms = percentile_ms(ages_ns_, 0.99);
    out.max_ms = percentile_ms(ages_ns_, 1.0);
    out.ack_p50_ms = percentile_ms(ack_ages_ns_, 0.50);
    out.ack_p99_ms = percentile_ms(ack_ages_ns_, 0.99);
    return out;
  }

 private:
  struct client {
    std::uint32_t room;
    bool is_sender;
    bool is_sampled;
    std::vector<std::int64_t> sent_at_ns;  ///< Senders: a queue of sends that wait for their ack.
    std::size_t oldest = 0;
  };

  void connect_all() {
    const auto total = options_.rooms * (options_.members + 1);
    clients_.reserve(total);
    for (std::uint32_t room = 0; room < options_.rooms; ++room) {
      for (std::uint32_t member = 0; member <= options_.members; ++member) {
        const bool is_sender = member == 0;
        const auto path = fmt::format("/ws/bench-{}/{}-{}?replay=none", room, is_sender ? "sender" : "member",
                                      fmt::format("{}-{}", room, member));
        if (is_sender) senders_.push_back(clients_.size());
        clients_.push_back({room, is_sender, member % sample_every == 1, {}, 0});
        loop_.connect(server_.address(), path, total);
      }
    }
    loop_.run_for(0.5);
  }

  void send(std::uint32_t room) {
    auto& sender = clients_[senders_[room]];
    const auto now = now_ns();
    const auto content = fmt::format("{:020}{:x>{}}", now, "", std::max(options_.payload, 20U) - 20U);
    loop_.send_text(senders_[room], fmt::format(R"({{"type":"send_message","data":{{"content":"{}"}}}})", content));
    sender.sent_at_ns.push_back(now);
  }

  void run_for(double seconds) {
    for (double left = seconds; left > 0; left -= 1) {
      loop_.run_for(std::min(left, 1.0));
      std::fprintf(stderr, "\r%llu messages, %llu deliveries", static_cast<unsigned long long>(sent_),
                   static_cast<unsigned long long>(deliveries_));
    }
  }

  void on_frame(client& c, std::string_view payload) {
    if (is_type(payload, "\"new_message\"")) {
      ++deliveries_;
      if (c.is_sampled) ages_ns_.push_back(age_ns(payload));
    } else if (c.is_sender && is_type(payload, "\"ack\"")) {
      ++sent_;
      ack_ages_ns_.push_back(now_ns() - c.sent_at_ns[c.oldest++]);
      if (c.oldest == 4096) {
        c.sent_at_ns.erase(c.sent_at_ns.begin(), c.sent_at_ns.begin() + 4096);
        c.oldest = 0;
      }
      send(c.room);
    } else if (is_type(payload, "\"error\"")) {
      throw std::runtime_error("the server answered: " + std::string(payload));
    }
  }

  const server_process& server_;
  fanout_options options_;
  client_loop loop_;
  std::vector<client> clients_;
  std::vector<std::size_t> senders_;
  std::uint64_t sent_ = 0;
  std::uint64_t deliveries_ = 0;
  std::vector<std::int64_t> ages_ns_;
  std::vector<std::int64_t> ack_ages_ns_;
};

}  // namespace

fanout_figures run_fanout(const server_process& server, const fanout_options& options) {
  return fanout_run(server, options).run();
}

void print(const std::string& name, const fanout_options& options, const fanout_figures& f) {
  fmt::print(
      "\n{:8} rooms {} members {} payload {} B outstanding {}: {:.0f} messages/s, {:.0f} deliveries/s, "
      "p50 {:.2f} ms, p99 {:.2f} ms, max {:.2f} ms, ack p50 {:.2f} ms p99 {:.2f} ms, "
      "server CPU {:.3f} us per delivery\n",
      name, options.rooms, options.members, options.payload, options.outstanding,
      static_cast<double>(f.sent) / f.seconds, static_cast<double>(f.deliveries) / f.seconds, f.p50_ms, f.p99_ms,
      f.max_ms, f.ack_p50_ms, f.ack_p99_ms, f.cpu_us_per_delivery());
}

}  // namespace parley::bench
