// A listen() sends what has changed, waits for the first thing that comes, and takes what came with it.
#include "store/redis_signal_subscriber.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "parley/log.hpp"
#include "store/signal_record.hpp"

namespace parley {
namespace {

constexpr std::chrono::milliseconds longest_listen{1'000};
/// Of one command. More are as many commands.
constexpr std::size_t channels_at_once = 1'000;
/// That Redis has not answered yet, so that a node with very many rooms hears signals meanwhile.
constexpr std::size_t most_owed = 10'000;
/// Of one listen().
constexpr std::size_t most_signals = 1'000;
/// A newer node may say much that an older one cannot read.
constexpr std::chrono::seconds between_complaints{1};

/// The last part of a signal's channel.
std::optional<uuid> subject_in(std::string_view channel) {
  const auto colon = channel.rfind(':');
  return colon == std::string_view::npos ? std::nullopt : parse_uuid(channel.substr(colon + 1));
}

}  // namespace

/// Becomes readable when somebody calls.
class redis_signal_subscriber::wake_up {
 public:
  wake_up() : handle_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (handle_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  wake_up(const wake_up&) = delete;
  wake_up& operator=(const wake_up&) = delete;
  ~wake_up() { ::close(handle_); }

  void call() const { (void)!::eventfd_write(handle_, 1); }
  void settle() const {
    eventfd_t calls = 0;
    (void)!::eventfd_read(handle_, &calls);
  }
  [[nodiscard]] int handle() const { return handle_; }

 private:
  int handle_;
};

redis_signal_subscriber::redis_signal_subscriber(const redis_signal_options& options, const uuid& node)
    : node_(node),
      node_text_(to_string(node)),
      partitions_(options.partitions),
      answer_(options.redis.answer),
      connection_(options.redis),
      wake_up_(std::make_shared<wake_up>()) {}

void redis_signal_subscriber::attend(const uuid& subject) {
  if (attended_.insert(subject).second) changed_.insert(subject);
}

void redis_signal_subscriber::leave(const uuid& subject) {
  if (attended_.erase(subject) > 0) changed_.insert(subject);
}

std::function<void()> redis_signal_subscriber::waker() {
  return [wake_up = wake_up_] { wake_up->call(); };
}

result<heard_signals> redis_signal_subscriber::listen(std::chrono::milliseconds patience) {
  try {
    return try_listen(std::clamp(patience, std::chrono::milliseconds(0), longest_listen));
  } catch (const redis_error& fault) {
    connection_.close();
    return unavailable(fault.what());
  }
}

heard_signals redis_signal_subscriber::try_listen(std::chrono::milliseconds patience) {
  if (!connection_.is_open()) greet();
  tell_changes();
  check_pulse();
  heard_signals heard;
  auto until = steady_clock::now() + patience;
  if (owed_ > 0) until = std::min(until, waits_since_ + answer_);
  while (const auto said = connection_.hear(until, wake_up_->handle())) {
    take(*said, heard);
    if (heard.signals.size() >= most_signals) break;
    until = steady_clock::now();  // only what is there already
  }
  wake_up_->settle();
  if (owed_ > 0 && steady_clock::now() >= waits_since_ + answer_) {
    throw redis_error("Redis does not confirm what it was asked to send");
  }
  heard.subjects = subjects_;
  return heard;
}

/// The first words on a connection. All else follows as what has changed.
void redis_signal_subscriber::greet() {
  told_.clear();
  changed_ = attended_;
  owed_ = 0;
  subjects_ = 0;
  is_new_ = true;
  tell("SUBSCRIBE", {std::string(control_channel)});
}

void redis_signal_subscriber::tell_changes() {
  std::vector<std::string> wanted;
  std::vector<std::string> unwanted;
  const auto room = owed_ < most_owed ? most_owed - owed_ : 0;
  while (!changed_.empty() && wanted.size() + unwanted.size() < room) {
    const auto subject = *changed_.begin();
    changed_.erase(changed_.begin());
    if (attended_.contains(subject) && told_.insert(subject).second) {
      wanted.push_back(signal_channel(subject, partitions_));
    } else if (!attended_.contains(subject) && told_.erase(subject) > 0) {
      unwanted.push_back(signal_channel(subject, partitions_));
    }
  }
  tell("SUBSCRIBE", wanted);
  tell("UNSUBSCRIBE", unwanted);
}

void redis_signal_subscriber::tell(std::string_view command, const std::vector<std::string>& channels) {
  if (channels.empty()) return;
  redis_pipeline commands;
  for (std::size_t first = 0; first < channels.size(); first += channels_at_once) {
    const auto last = std::min(channels.size(), first + channels_at_once);
    std::vector<std::string_view> words{command};
    for (auto i = first; i < last; ++i) words.emplace_back(channels[i]);
    commands.add(words);
  }
  connection_.tell(commands);
  last_pulse_ = steady_clock::now();
  if (owed_ == 0) waits_since_ = last_pulse_;
  owed_ += channels.size();
}

void redis_signal_subscriber::check_pulse() {
  if (owed_ > 0 || steady_clock::now() < last_pulse_ + longest_listen) return;
  tell("SUBSCRIBE", {std::string(control_channel)});
}

void redis_signal_subscriber::take(const redisReply& said, heard_signals& heard) {
  if (said.type == REDIS_REPLY_ERROR) throw redis_error("SUBSCRIBE was refused (" + refusal_code(said) + ")");
  const auto parts = items_of(said, 3);
  const auto kind = text_of(*parts[0]);
  if (kind == "message") return take_message(text_of(*parts[1]), text_of(*parts[2]), heard);
  if (kind != "subscribe" && kind != "unsubscribe") throw redis_error("Redis said something else than was asked for");
  if (owed_ == 0 || parts[2]->type != REDIS_REPLY_INTEGER) throw redis_error("Redis confirmed what was not asked for");
  --owed_;
  waits_since_ = steady_clock::now();
  subjects_ = static_cast<std::size_t>(std::max(1LL, parts[2]->integer)) - 1;  // without the hints' channel
  if (std::exchange(is_new_, false)) heard.hint = true;
}

void redis_signal_subscriber::take_message(std::string_view channel, std::string_view message, heard_signals& heard) {
  if (channel == control_channel) {
    heard.hint = heard.hint || message != node_text_;
    return;
  }
  const auto subject = subject_in(channel);
  if (!subject) return note_unreadable(channel, record_fault::broken, heard);
  if (!attended_.contains(*subject)) return;  // left meanwhile
  auto decoded = decode_signal(message);
  if (const auto* fault = std::get_if<record_fault>(&decoded)) return note_unreadable(channel, *fault, heard);
  auto& record = std::get<signal_record>(decoded);
  if (record.node != node_) heard.signals.push_back({*subject, record.body});
}

void redis_signal_subscriber::note_unreadable(std::string_view channel, record_fault fault, heard_signals& heard) {
  ++heard.unreadable;
  const auto now = steady_clock::now();
  if (now < last_complaint_ + between_complaints) return;
  last_complaint_ = now;
  log::warn("bus", "signal_unreadable", "a signal on {} is {}; it is skipped", channel, to_string(fault));
}

}  // namespace parley
