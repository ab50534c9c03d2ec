// Both ways to send, over real sockets: what was taken has arrived, and what could not be is told for its own socket.
#include "net/frame_sender.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <functional>
#include <list>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace parley {
namespace {

/// A socket and its peer.
class connected_pair {
 public:
  connected_pair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) != 0) throw std::runtime_error("no pair of sockets");
  }
  ~connected_pair() {
    close_peer();
    ::close(ends_[0]);
  }
  connected_pair(const connected_pair&) = delete;
  connected_pair& operator=(const connected_pair&) = delete;

  [[nodiscard]] int socket() const { return ends_[0]; }
  void close_peer() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  /// All that has arrived.
  std::string read() const {
    std::string all;
    std::array<char, 65536> part{};
    for (;;) {
      const auto count = ::recv(ends_[1], part.data(), part.size(), MSG_DONTWAIT);
      if (count <= 0) return all;
      all.append(part.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

struct way_to_send {
  const char* name;
  std::function<std::unique_ptr<frame_sender>()> make;
};

class FrameSender : public testing::TestWithParam<way_to_send> {
 protected:
  void SetUp() override {
    if (GetParam().name == std::string("uring")) {
      const auto tried = try_uring();
      if (tried.has_error()) GTEST_SKIP() << tried.error().message;
    }
    sender_ = GetParam().make();
  }

  connected_pair& add_pair() { return pairs_.emplace_back(); }
  /// A send of those parts, which stay in place.
  void add_job(int socket, const std::vector<std::string>& texts) {
    auto& parts = parts_.emplace_back();
    for (const auto& text : texts) {
      auto& kept = texts_.emplace_back(text);
      parts.push_back({kept.data(), kept.size()});
    }
    jobs_.push_back({socket, parts.data(), parts.size(), 0});
  }
  std::vector<send_job> send() {
    sender_->send(jobs_);
    parts_.clear();
    return std::exchange(jobs_, {});
  }
  /// Until the kernel takes no more.
  void fill(const connected_pair& pair) {
    for (;;) {
      add_job(pair.socket(), {std::string(100'000, 'x')});
      add_job(pair.socket(), {std::string(100'000, 'x')});
      add_job(pair.socket(), {std::string(100'000, 'x')});
      if (send().back().sent == -EAGAIN) return;
    }
  }

  std::unique_ptr<frame_sender> sender_;
  std::list<connected_pair> pairs_;
  std::list<std::vector<iovec>> parts_;
  std::list<std::string> texts_;
  std::vector<send_job> jobs_;
};

/// More than one call of the ring takes, some in one part and some in several.
TEST_P(FrameSender, SendsToManySocketsAtOnce) {
  for (int round = 0; round < 2; ++round) {
    std::vector<std::string> expected;
    for (int i = 0; i < 600; ++i) {
      if (round == 0) add_pair();
      const auto text = std::to_string(round) + " to " + std::to_string(i);
      const auto socket = std::next(pairs_.begin(), i)->socket();
      if (i % 3 == 0) {
        add_job(socket, {text, ", ", "in parts"});
        expected.push_back(text + ", in parts");
      } else {
        add_job(socket, {text});
        expected.push_back(text);
      }
    }
    const auto jobs = send();
    auto pair = pairs_.begin();
    for (std::size_t i = 0; i < jobs.size(); ++i, ++pair) {
      EXPECT_EQ(jobs[i].sent, static_cast<ssize_t>(expected[i].size()));
      EXPECT_EQ(pair->read(), expected[i]);
    }
  }
}

TEST_P(FrameSender, OneSocketsTroublesAreItsOwn) {
  auto& full = add_pair();
  fill(full);
  auto& gone = add_pair();
  gone.close_peer();
  auto& sound = add_pair();
  auto& other = add_pair();
  add_job(full.socket(), {"no room"});
  add_job(gone.socket(), {"nobody there"});
  add_job(-1, {"no socket"});
  add_job(sound.socket(), {"a"});
  add_job(gone.socket(), {"nobody", "there"});
  add_job(full.socket(), {"no", "room"});
  add_job(other.socket(), {"b", "c"});
  const auto jobs = send();
  EXPECT_EQ(jobs[0].sent, -EAGAIN);
  EXPECT_EQ(jobs[1].sent, -EPIPE) << "and no signal has ended this";
  EXPECT_EQ(jobs[2].sent, -EBADF);
  EXPECT_EQ(jobs[3].sent, 1);
  EXPECT_EQ(jobs[4].sent, -EPIPE);
  EXPECT_EQ(jobs[5].sent, -EAGAIN);
  EXPECT_EQ(jobs[6].sent, 2);
  EXPECT_EQ(sound.read(), "a");
  EXPECT_EQ(other.read(), "bc");
}

/// What did not fit is sent again from where it stopped, as the outbox does, and comes out whole.
TEST_P(FrameSender, TellsHowMuchOfAPartWasTaken) {
  std::string text;
  while (text.size() < 3'000'000) text += std::to_string(text.size()) + ' ';
  std::vector<connected_pair*> pairs;
  pairs.reserve(4);
  for (int i = 0; i < 4; ++i) pairs.push_back(&add_pair());
  std::vector<std::size_t> done(pairs.size(), 0);
  std::vector<std::string> read(pairs.size());
  bool was_partial = false;
  while (std::any_of(done.begin(), done.end(), [&](std::size_t taken) { return taken < text.size(); })) {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const auto rest = text.substr(done[i]);
      const auto half = rest.size() / 2;
      if (i % 2 == 0) {
        add_job(pairs[i]->socket(), {rest});
      } else {
        add_job(pairs[i]->socket(), {rest.substr(0, half), rest.substr(half)});
      }
    }
    const auto jobs = send();
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      ASSERT_TRUE(jobs[i].sent >= 0 || jobs[i].sent == -EAGAIN) << jobs[i].sent;
      done[i] += static_cast<std::size_t>(std::max<ssize_t>(jobs[i].sent, 0));
      was_partial = was_partial || (jobs[i].sent > 0 && done[i] < text.size());
      read[i] += pairs[i]->read();
    }
    texts_.clear();
  }
  EXPECT_TRUE(was_partial);
  for (const auto& whole : read) EXPECT_TRUE(whole == text);
}

/// A shard's sender is made on one thread and used on another, which alone may use it then.
TEST_P(FrameSender, BelongsToTheThreadThatSendsFirst) {
  for (int i = 0; i < 10; ++i) add_job(add_pair().socket(), {"text"});
  std::vector<send_job> jobs;
  std::thread([&] { jobs = send(); }).join();
  for (const auto& job : jobs) EXPECT_EQ(job.sent, 4);
}

INSTANTIATE_TEST_SUITE_P(Ways, FrameSender,
                         testing::Values(way_to_send{"plain", create_plain_sender},
                                         way_to_send{"uring", create_uring_sender}),
                         [](const auto& way) { return std::string(way.param.name); });

TEST(SendWay, IsWhatIsAskedForOrWhatWorks) {
  EXPECT_EQ(choose_send_way("plain").value(), send_way::plain);
  const bool works = !try_uring().has_error();
  EXPECT_EQ(choose_send_way("auto").value(), works ? send_way::uring : send_way::plain);
  const auto asked = choose_send_way("uring");
  EXPECT_EQ(asked.has_error(), !works);
  if (!works) {
    EXPECT_THAT(asked.error().message, testing::HasSubstr("net.send: io_uring does not work here"));
  }
}

/// As containers do it: those calls end with EPERM, for the calling thread alone. seccomp(2).
bool forbid(const std::vector<unsigned>& calls) {
  std::vector<sock_filter> program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  auto to_refusal = static_cast<std::uint8_t>(calls.size());
  for (const auto call : calls) program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, to_refusal--, 0));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

bool forbid_uring() { return forbid({SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register}); }

/// More than go by plain calls in any case. False when nothing could be sent.
bool sends_to_four(frame_sender& sender) {
  const std::array<connected_pair, 4> pairs;
  std::string text = "text";
  const iovec part{text.data(), text.size()};
  std::array<send_job, pairs.size()> jobs;
  for (std::size_t i = 0; i < pairs.size(); ++i) jobs[i] = {pairs[i].socket(), &part, 1, 0};
  sender.send(jobs);
  return std::all_of(jobs.begin(), jobs.end(), [&](const send_job& job) { return job.sent == 4; }) &&
         std::all_of(pairs.begin(), pairs.end(), [&](const connected_pair& pair) { return pair.read() == text; });
}

TEST(SendWay, IsPlainWhereAContainerForbidsIoUring) {
  std::thread([] {
    ASSERT_TRUE(forbid_uring()) << std::strerror(errno);
    EXPECT_EQ(choose_send_way("auto").value(), send_way::plain);
    const auto asked = choose_send_way("uring");
    ASSERT_TRUE(asked.has_error());
    EXPECT_THAT(asked.error().message,
                testing::HasSubstr("io_uring does not work here (a ring: Operation not permitted)"));
  }).join();
}

/// What worked when the node started may be forbidden later. So many jobs that it takes the ring.
TEST(SendWay, AThreadWhoseRingCannotBeMadeSendsAllTheSame) {
  std::thread([] {
    ASSERT_TRUE(forbid_uring()) << std::strerror(errno);
    EXPECT_TRUE(sends_to_four(*create_uring_sender()));
  }).join();
}

/// The kernel's filters see the calls of a thread, not what it hands to a ring.
TEST(SendWay, ARingMakesNoCallForEachSocket) {
  const auto tried = try_uring();
  if (tried.has_error()) GTEST_SKIP() << tried.error().message;
  std::thread([] {
    ASSERT_TRUE(forbid({SYS_sendto, SYS_sendmsg, SYS_write, SYS_writev})) << std::strerror(errno);
    EXPECT_FALSE(sends_to_four(*create_plain_sender()));
    EXPECT_TRUE(sends_to_four(*create_uring_sender()));
  }).join();
}

}  // namespace
}  // namespace parley
