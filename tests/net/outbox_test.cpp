// The outbox: order, bounds, and what becomes of a frame begun when a connection turns out too slow.
#include "net/outbox.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace parley {
namespace {

std::string frame_of(std::size_t payload_bytes, char fill = 'x') {
  std::string frame;
  append_frame_header(frame, payload_bytes);
  return frame.append(payload_bytes, fill);
}

outbound_slice slice_of(std::string bytes, std::uint32_t frames = 1, slice_kind kind = slice_kind::frames) {
  return make_slice(std::move(bytes), frames, kind);
}

/// Everything that waits, as it would leave.
std::string drained(outbox& box, std::size_t step = SIZE_MAX) {
  std::string all;
  while (!box.empty()) {
    std::array<iovec, 3> parts;
    std::size_t size = 0;
    for (const iovec& part : std::span(parts).first(box.gather(parts, step))) {
      all.append(static_cast<const char*>(part.iov_base), part.iov_len);
      size += part.iov_len;
    }
    box.consume(size);
  }
  return all;
}

constexpr outbox_bounds small{100, 4};

TEST(outbox, sends_slices_in_order_whatever_the_socket_takes) {
  for (std::size_t step = 1; step < 40; ++step) {
    outbox box;
    std::string expected;
    for (std::size_t i = 0; i < 20; ++i) {
      const std::string frame = frame_of(i, static_cast<char>('a' + i));
      expected += frame;
      ASSERT_EQ(box.push(slice_of(frame), {}), outbox::outcome::queued);
    }
    EXPECT_EQ(drained(box, step), expected) << step;
    EXPECT_EQ(box.waiting_frames(), 0U);
  }
}

TEST(outbox, counts_a_frame_as_sent_when_its_last_byte_has_left) {
  outbox box;
  box.push(slice_of(frame_of(8)), {});
  box.push(slice_of(frame_of(8) + frame_of(8), 2), {});
  EXPECT_EQ(box.consume(9), 0U);
  EXPECT_EQ(box.consume(1), 1U);
  EXPECT_EQ(box.consume(19), 0U);
  EXPECT_EQ(box.consume(1), 2U);
  EXPECT_TRUE(box.empty());
}

TEST(outbox, takes_frames_until_twice_the_byte_bound) {
  outbox box;
  std::size_t queued = 0;
  while (box.push(slice_of(frame_of(8)), {100, 1'000'000}) == outbox::outcome::queued) queued += 10;
  EXPECT_EQ(queued, 200U);
  EXPECT_EQ(box.waiting_bytes(), 200U);
}

TEST(outbox, takes_frames_until_twice_the_frame_bound) {
  outbox box;
  std::size_t queued = 0;
  while (box.push(slice_of(frame_of(0)), {1'000'000, 4}) == outbox::outcome::queued) ++queued;
  EXPECT_EQ(queued, 8U);
}

TEST(outbox, drops_ephemeral_frames_above_the_bound_and_takes_them_again_below) {
  outbox box;
  const auto ephemeral = [&] { return box.push(slice_of(frame_of(0), 1, slice_kind::ephemeral), small); };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ephemeral(), outbox::outcome::queued) << i;
  EXPECT_EQ(ephemeral(), outbox::outcome::dropped);
  EXPECT_EQ(box.push(slice_of(frame_of(0)), small), outbox::outcome::queued);  // durable ones go on
  EXPECT_EQ(ephemeral(), outbox::outcome::dropped);
  box.consume(4);
  EXPECT_EQ(ephemeral(), outbox::outcome::queued);
}

TEST(outbox, takes_one_great_batch_when_it_was_within_its_bound) {
  outbox box;
  EXPECT_EQ(box.push(slice_of(frame_of(10'000), 500), small), outbox::outcome::queued);
  EXPECT_EQ(box.push(slice_of(frame_of(1)), small), outbox::outcome::too_slow);
  EXPECT_EQ(drained(box), frame_of(10'000));
}

TEST(outbox, lets_control_and_raw_bytes_pass_above_the_bound) {
  outbox box;
  box.push(slice_of(frame_of(10'000)), small);
  EXPECT_EQ(box.push(slice_of(frame_of(2), 1, slice_kind::control), small), outbox::outcome::queued);
  EXPECT_EQ(box.push(borrow_slice("raw", 3), small), outbox::outcome::queued);
  EXPECT_EQ(drained(box), frame_of(10'000) + frame_of(2) + "raw");
}

TEST(outbox, lets_nothing_in_after_the_last_frame) {
  outbox box;
  box.push(slice_of(frame_of(3)), small);
  box.push_last(slice_of(close_frame(close_code::going_away), 1, slice_kind::control));
  for (const auto kind : {slice_kind::frames, slice_kind::ephemeral, slice_kind::control, slice_kind::raw}) {
    EXPECT_EQ(box.push(slice_of("late", 1, kind), small), outbox::outcome::sealed);
  }
  box.push_last(slice_of("later"));
  EXPECT_EQ(drained(box), frame_of(3) + close_frame(close_code::going_away));
}

// Every way in which three slices of one to three frames may have been sent when the connection turns out too slow.
TEST(outbox, finishes_the_frame_begun_and_drops_the_rest_at_every_point) {
  const std::string slices[] = {frame_of(0) + frame_of(5, 'a') + frame_of(130, 'b'), frame_of(7, 'c'),
                                frame_of(70'000, 'd') + frame_of(1, 'e')};
  const std::string all = slices[0] + slices[1] + slices[2];
  std::vector<std::size_t> frame_ends;
  for (std::size_t end = 0; end < all.size();)
    frame_ends.push_back(end += frame_size_at(std::string_view(all).substr(end)));
  ASSERT_EQ(frame_ends.back(), all.size());
  const std::string farewell = close_frame(close_code::too_slow);
  for (std::size_t sent = 0; sent <= all.size(); sent += sent < 200 || sent > all.size() - 10 ? 1 : 997) {
    outbox box;
    for (const auto& slice : slices) box.push(slice_of(slice, count_frames(slice)), {1 << 20, 100});
    box.consume(sent);
    box.drop_unbegun();
    box.push_last(slice_of(farewell, 1, slice_kind::control));
    std::size_t end = 0;
    for (const std::size_t frame_end : frame_ends) {
      if (end < sent) end = frame_end;
    }
    ASSERT_EQ(drained(box), all.substr(sent, end - sent) + farewell) << sent;
  }
}

/// Twice, since a connection may be too slow first and revoked then.
TEST(outbox, keeps_the_last_frame_and_the_one_begun_however_often_the_others_are_dropped) {
  const std::string first = frame_of(5, 'a'), second = frame_of(6, 'b'), last = close_frame(close_code::going_away);
  const std::string all = first + second + last;
  for (std::size_t sent = 0; sent < all.size(); ++sent) {
    outbox box;
    box.push(slice_of(first), {});
    box.push(slice_of(second), {});
    box.push_last(slice_of(last, 1, slice_kind::control));
    box.consume(sent);
    box.drop_unbegun();
    box.drop_unbegun();
    std::string expected = last;
    if (sent > first.size() + second.size()) {
      expected = all.substr(sent);
    } else if (sent > first.size() && sent < first.size() + second.size()) {
      expected = (first + second).substr(sent);
      expected += last;
    } else if (sent > 0 && sent < first.size()) {
      expected = first.substr(sent) + last;
    }
    EXPECT_EQ(drained(box), expected) << sent;
    EXPECT_TRUE(box.is_sealed());
  }
}

TEST(outbox, holds_no_shared_buffer_for_the_rest_of_a_frame_begun) {
  const auto batch = std::make_shared<const std::string>(frame_of(10) + frame_of(100'000));
  outbox box;
  box.push(make_slice(batch, 2, slice_kind::frames), {});
  box.consume(5);
  EXPECT_EQ(batch.use_count(), 2);
  box.drop_unbegun();
  EXPECT_EQ(batch.use_count(), 1);
  EXPECT_EQ(box.waiting_bytes(), 7U);
}

TEST(outbox, lets_go_of_a_slice_once_it_has_left) {
  const auto frame = std::make_shared<const std::string>(frame_of(10));
  outbox box;
  box.push(make_slice(frame, 1, slice_kind::frames), {});
  box.push(slice_of(frame_of(1)), {});
  box.consume(12);
  EXPECT_EQ(frame.use_count(), 1);
  EXPECT_EQ(box.waiting_frames(), 1U);
}

TEST(outbox, lets_go_of_the_memory_of_a_backlog) {
  constexpr std::size_t few = 4;
  const auto fill = [](outbox& box) {
    for (int i = 0; i < 1'000; ++i) ASSERT_EQ(box.push(slice_of(frame_of(10)), {}), outbox::outcome::queued);
    ASSERT_GE(box.slots(), 1'000U);
  };
  outbox sent, dropped, cleared;
  for (outbox* box : {&sent, &dropped, &cleared}) fill(*box);
  (void)drained(sent);
  dropped.drop_unbegun();
  cleared.clear();
  EXPECT_LE(sent.slots(), few);
  EXPECT_LE(dropped.slots(), few);
  EXPECT_LE(cleared.slots(), few);
}

TEST(outbox, tells_a_writer_when_its_bytes_are_gone_even_if_dropped) {
  outbox box;
  box.push(slice_of(frame_of(8)), {});
  const std::uint64_t mark = box.entered();
  box.push(slice_of(frame_of(8)), {});
  box.consume(9);
  EXPECT_LT(box.left(), mark);
  box.consume(1);
  EXPECT_EQ(box.left(), mark);
  box.clear();
  EXPECT_EQ(box.left(), box.entered());
  EXPECT_TRUE(box.is_sealed());
}

TEST(outbox, knows_a_quarter_of_its_bounds) {
  outbox box;
  EXPECT_TRUE(box.under_quarter({100, 8}));
  box.push(slice_of(frame_of(0)), {100, 8});
  EXPECT_TRUE(box.under_quarter({100, 8}));
  EXPECT_FALSE(box.under_quarter({100, 4}));
  EXPECT_FALSE(box.under_quarter({8, 8}));
}

TEST(frame_header, is_read_back_for_every_form_of_length) {
  for (const std::size_t payload : {0U, 1U, 125U, 126U, 127U, 65'535U, 65'536U, 200'000U}) {
    const std::string frame = frame_of(payload);
    EXPECT_EQ(frame_size_at(frame), frame.size());
    EXPECT_EQ(frame[0], '\x81');
    EXPECT_EQ(frame.size() - payload, payload < 126 ? 2U : payload < 65'536 ? 4U : 10U);
    EXPECT_EQ(frame_size_at(frame.substr(0, 1)), 0U);
    std::string three;
    for (int i = 0; i < 3; ++i) three += frame;
    EXPECT_EQ(count_frames(three), 3U);
  }
}

TEST(close_frame, carries_code_and_sentence_within_a_control_frames_length) {
  for (const auto code : {close_code::going_away, close_code::too_big, close_code::too_slow, close_code::restarting}) {
    const std::string frame = close_frame(code);
    ASSERT_GE(frame.size(), 4U);
    EXPECT_EQ(frame[0], '\x88');
    EXPECT_EQ(static_cast<std::size_t>(frame[1]), frame.size() - 2);
    EXPECT_LE(frame.size(), 127U);
    EXPECT_EQ(static_cast<unsigned char>(frame[2]) * 256 + static_cast<unsigned char>(frame[3]),
              static_cast<int>(code));
    EXPECT_EQ(frame.substr(4), reason(code));
  }
}

}  // namespace
}  // namespace parley
