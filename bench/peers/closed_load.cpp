// Members, senders and what they count.
#include "peers/closed_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "client_loop.hpp"
#include "peers/content.hpp"

namespace parley::bench {
namespace {

/// In large rooms one receiver in so many reads the stamps; all count.
constexpr std::uint32_t sample_every = 8;

class closed_load {
 public:
  closed_load(const peer_server& server, const peer_work& work, const load_times& times,
              const std::function<void(const std::string&)>& show)
      : server_(server),
        work_(work),
        times_(times),
        show_(show),
        watch_([this] {
          const auto cpu = server_.cpu();
          return server_usage{cpu.server + cpu.database, 0};
        }),
        course_([this](const load_part& part) { show_(to_text(part, times_.warm_up + times_.seconds)); }),
        loop_([this](std::size_t number, std::string_view payload) { members_[number].receive(payload); },
              [this](std::size_t number) { members_[number].flush(); }) {}

  peer_figures run() {
    connect();
    course_.begin(now_ns(), watch_);
    is_running_ = true;
    for (auto& one : members_) {
      for (std::uint32_t i = 0; one.place().sends() && i < work_.outstanding; ++i) one.send_message();
      one.flush();
    }
    run_for(times_.warm_up);
    wait(
        times_.join, [&] { return figures_.messages > 0; }, [] { return std::string("nothing is answered yet"); });
    const auto before = server_.cpu();
    figures_ = {};
    const auto start = now_ns();
    run_for(times_.seconds);
    figures_.seconds = static_cast<double>(now_ns() - start) / 1e9;
    const auto after = server_.cpu();
    is_running_ = false;
    auto out = figures_;
    out.cpu = {after.server - before.server, after.database - before.database};
    if (out.deliveries == 0) throw std::runtime_error("nothing was delivered");
    wait_for_the_rest();
    out.lost = missing();
    out.repeated = repeated();
    out.reordered = reordered_;
    out.course = course_.take();
    return out;
  }

 private:
  class member final : public peer_events {
   public:
    member(closed_load& load, std::size_t number, const member_place& place)
        : load_(load),
          number_(number),
          place_(place),
          client_(load.server_.new_client(place)),
          upgrade_(client_->how_to_connect()) {}

    [[nodiscard]] const member_place& place() const { return place_; }
    [[nodiscard]] const peer_client::upgrade& upgrade() const { return upgrade_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t unanswered() const { return sent_ - answered_; }

    void begin() {
      client_->begin(*this);
      flush();
    }
    void receive(std::string_view payload) { client_->receive(payload, *this); }
    void send_message() {
      const auto now = now_ns();
      sent_at_ns_.push_back(now);
      load_.course_.note_sent();
      send(client_->message(stamped({sent_++, now}, load_.work_.size)));
    }
    /// All that was said since the last time goes out in one write.
    void flush() {
      if (outgoing_.empty()) return;
      load_.loop_.send_framed(number_, outgoing_);
      outgoing_.clear();
    }

    void send(std::string_view payload) override { outgoing_ += support::client_frame(upgrade_.data, payload); }
    void joined() override { ++load_.joined_; }
    void delivered(std::string_view text) override {
      ++received_;
      ++load_.figures_.deliveries;
      load_.course_.note_delivered();
      if (load_.work_.members <= sample_every || place_.member % sample_every == 1) read_stamp(text);
    }
    void acknowledged() override {
      if (answered_ == sent_) throw std::runtime_error("the server acknowledged what was not sent");
      ++answered_;
      ++load_.figures_.messages;
      ++load_.figures_.deliveries;
      load_.course_.note_acknowledged();
      load_.figures_.answer.add(now_ns() - sent_at_ns_[oldest_++]);
      if (oldest_ == 4096) {
        sent_at_ns_.erase(sent_at_ns_.begin(), sent_at_ns_.begin() + 4096);
        oldest_ = 0;
      }
      if (!load_.is_ending_) send_message();
    }

   private:
    void read_stamp(std::string_view text) {
      const auto stamp = find_stamp(text);
      if (!stamp) throw std::runtime_error("a delivery without its stamp: " + std::string(text.substr(0, 400)));
      const auto took = now_ns() - stamp->sent_ns;
      load_.figures_.delivery.add(took);
      load_.course_.note_time(took);
      // The newest once more is a repeat, which the counts show.
      if (stamp->number + 1 < next_)
        ++load_.reordered_;
      else
        next_ = stamp->number + 1;
    }

    closed_load& load_;
    std::size_t number_;
    member_place place_;
    std::unique_ptr<peer_client> client_;
    peer_client::upgrade upgrade_;
    std::string outgoing_;
    std::uint64_t received_ = 0, sent_ = 0, answered_ = 0;
    std::uint64_t next_ = 0;                ///< The least number that has not come.
    std::vector<std::int64_t> sent_at_ns_;  ///< Of a sender, a queue of what waits for its ack.
    std::size_t oldest_ = 0;
  };

  void connect() {
    const auto total = std::size_t{work_.rooms} * work_.members;
    members_.reserve(total);
    for (std::uint32_t room = 0; room < work_.rooms; ++room) {
      for (std::uint32_t place = 0; place < work_.members; ++place) {
        const auto number = members_.size();
        members_.emplace_back(*this, number, member_place{room, place});
        const auto& how = members_.back().upgrade();
        loop_.connect(server_.address(), how.path, 0, how.subprotocol);
        members_.back().begin();
        loop_.read(number);
        if (number % 50 == 49) loop_.run_for(0.002);
        if (number % 500 == 499) show_(fmt::format("{} of {} connected", number + 1, total));
      }
    }
    wait(
        times_.join, [&] { return joined_ >= total; },
        [&] { return fmt::format("{} of {} in their rooms", joined_, total); });
    if (joined_ < total) throw std::runtime_error(fmt::format("only {} of {} came into their rooms", joined_, total));
  }

  void run_for(double seconds) {
    constexpr double step = 0.1;
    for (double left = seconds; left > 0; left -= step) {
      loop_.run_for(std::min(left, step));
      course_.note_seqs({.reordered = reordered_});
      course_.tick(now_ns(), watch_);
    }
  }

  template <class Done, class Say>
  void wait(double seconds, Done done, Say say) {
    const auto end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (int turn = 0; !done() && now_ns() < end; ++turn) {
      loop_.run_for(0.02);
      if (is_running_) course_.tick(now_ns(), watch_);
      if (turn % 25 == 0) show_(say());
    }
  }

  void wait_for_the_rest() {
    is_ending_ = true;
    wait(
        times_.quiet, [&] { return missing() == 0; }, [&] { return fmt::format("{} still to come", missing()); });
  }

  [[nodiscard]] std::uint64_t missing() const {
    std::uint64_t sum = 0;
    std::uint64_t sent = 0;
    for (const auto& one : members_) {
      if (one.place().sends()) {
        sent = one.sent();  // the sender is the first of its room
        sum += one.unanswered();
      } else {
        sum += sent - std::min(sent, one.received());
      }
    }
    return sum;
  }

  /// What a member has beyond what was sent; behind what is missing elsewhere in the same member it hides.
  [[nodiscard]] std::uint64_t repeated() const {
    std::uint64_t sum = 0;
    std::uint64_t sent = 0;
    for (const auto& one : members_) {
      if (one.place().sends()) sent = one.sent();
      sum += one.received() - std::min(sent, one.received());
    }
    return sum;
  }

  const peer_server& server_;
  const peer_work& work_;
  const load_times& times_;
  const std::function<void(const std::string&)>& show_;
  server_watch watch_;
  load_course course_;
  client_loop loop_;
  std::vector<member> members_;
  peer_figures figures_;
  std::uint64_t joined_ = 0;
  std::uint64_t reordered_ = 0;
  bool is_running_ = false;  ///< The warm-up or the measured time.
  bool is_ending_ = false;
};

}  // namespace

peer_figures run_closed_load(const peer_server& server, const peer_work& work, const load_times& times,
                             const std::function<void(const std::string&)>& show) {
  return closed_load(server, work, times, show).run();
}

}  // namespace parley::bench
