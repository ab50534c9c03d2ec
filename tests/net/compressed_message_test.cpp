// Messages through DEFLATE and back: whole, within bounds, each by itself.
#include <gtest/gtest.h>

#include <random>

#include "net/batch_slices.hpp"
#include "net/deflated.hpp"
#include "net/frame_deflater.hpp"
#include "net/message_inflater.hpp"
#include "net/outbox.hpp"

namespace parley {
namespace {

using namespace test;

constexpr std::size_t most_text = 64 * 1024;
constexpr std::size_t spare_bytes = 64;

TEST(frame_deflater, makes_frames_that_inflate_to_what_they_were_and_are_shorter) {
  frame_deflater deflater;
  message_inflater inflater(most_text, spare_bytes);
  for (const std::size_t size : {64U, 65U, 125U, 126U, 300U, 4'095U, 4'096U, 4'097U, 8'192U, 65'535U, 65'536U}) {
    for (const unsigned letters : {1U, 4U, 40U}) {
      const std::string text = text_of_letters(size, letters, static_cast<unsigned>(size));
      std::string frame;
      if (!deflater.append(frame, server_frame(text))) {
        EXPECT_EQ(frame, server_frame(text));
        continue;
      }
      EXPECT_TRUE(is_compressed_frame(frame));
      EXPECT_EQ(frame_size_at(frame), frame.size());
      EXPECT_LT(frame.size(), server_frame(text).size());
      const auto inflated = inflater.inflate(payload_of_frame(frame));
      EXPECT_FALSE(inflated.fault);
      EXPECT_EQ(inflated.text, text) << size << ' ' << letters;
    }
  }
}

TEST(frame_deflater, leaves_short_frames_and_those_that_would_grow_as_they_are) {
  frame_deflater deflater;
  for (const auto& text :
       {std::string(frame_deflater::least_payload - 1, 'a'), std::string(), text_of_letters(100, 94, 1)}) {
    std::string frame = "before";
    EXPECT_FALSE(deflater.append(frame, server_frame(text)));
    EXPECT_EQ(frame, "before" + server_frame(text));
  }
}

TEST(frame_deflater, makes_the_same_of_a_frame_whatever_came_before_it) {
  frame_deflater deflater;
  const std::string frame = server_frame(text_of_letters(500, 10, 1));
  std::string first, second;
  deflater.append(first, frame);
  std::string other;
  deflater.append(other, server_frame(text_of_letters(70'000, 10, 2)));
  deflater.append(second, frame);
  EXPECT_EQ(first, second);
}

TEST(frame_deflater, keeps_each_event_of_a_batch_at_its_place) {
  encoded_batch batch;
  std::vector<std::string> texts;
  for (unsigned i = 0; i < 5; ++i) texts.push_back(i % 2 == 0 ? "short" : text_of_letters(500, 10, i));
  for (const auto& text : texts) {
    batch.bytes += server_frame(text);
    batch.ends.push_back(static_cast<std::uint32_t>(batch.bytes.size()));
  }
  frame_deflater deflater;
  const auto made = deflater.compress(batch);
  ASSERT_EQ(made.ends.size(), texts.size());
  EXPECT_EQ(made.ends.back(), made.bytes.size());
  message_inflater inflater(most_text, spare_bytes);
  for (std::uint32_t i = 0; i < texts.size(); ++i) {
    const std::uint32_t begin = event_begin(made.ends, i);
    const std::string frame = made.bytes.substr(begin, made.ends[i] - begin);
    EXPECT_EQ(is_compressed_frame(frame), i % 2 == 1);
    const auto payload = payload_of_frame(frame);
    EXPECT_EQ(is_compressed_frame(frame) ? inflater.inflate(payload).text : payload, texts[i]);
  }
}

TEST(frame_deflater, gives_nothing_for_a_batch_that_gains_nothing) {
  encoded_batch batch;
  batch.bytes = server_frame("short");
  batch.ends.push_back(static_cast<std::uint32_t>(batch.bytes.size()));
  EXPECT_TRUE(frame_deflater().compress(batch).bytes.empty());
}

TEST(compressed_frames, are_made_once_and_remembered_also_when_there_are_none) {
  int made = 0;
  const compressed_frames some, none;
  for (int i = 0; i < 3; ++i) {
    const auto frames = some.get([&] { return compressed_frames::frames{"x", {static_cast<std::uint32_t>(++made)}}; });
    ASSERT_NE(frames, nullptr);
    EXPECT_EQ(frames->ends.front(), 1U);
    EXPECT_EQ(none.get([&] { return ++made, compressed_frames::frames{}; }), nullptr);
  }
  EXPECT_EQ(made, 2);
}

// The RFC's own examples, sections 7.2.3.1 to 7.2.3.5.
TEST(message_inflater, reads_the_examples_of_the_standard) {
  const std::string hello[] = {
      std::string("\xf2\x48\xcd\xc9\xc9\x07\x00", 7),                          // one block
      std::string("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11),         // a stored one
      std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8),                      // one that says it is the last
      std::string("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13)  // two
  };
  message_inflater inflater(most_text, spare_bytes);
  for (const auto& payload : hello) {
    const auto inflated = inflater.inflate(payload);
    EXPECT_FALSE(inflated.fault) << testing::PrintToString(payload);
    EXPECT_EQ(inflated.text, "Hello");
  }
  const auto empty = inflater.inflate(std::string_view("\x00", 1));
  EXPECT_FALSE(empty.fault);
  EXPECT_EQ(empty.text, "");
}

TEST(message_inflater, takes_a_message_of_the_limit_and_refuses_a_byte_more) {
  message_inflater inflater(most_text, spare_bytes);
  EXPECT_EQ(inflater.inflate(deflated(std::string(most_text, 'a'))).text, std::string(most_text, 'a'));
  for (const std::size_t size : {most_text + 1, most_text + spare_bytes, 10 * most_text, 100 * most_text}) {
    EXPECT_EQ(inflater.inflate(deflated(std::string(size, 'a'))).fault, close_code::too_big) << size;
  }
  EXPECT_EQ(inflater.inflate(deflated(std::string(most_text, 'b'))).text, std::string(most_text, 'b'));
}

TEST(message_inflater, refuses_what_is_damaged_or_cut_off) {
  message_inflater inflater(most_text, spare_bytes);
  const std::string sound = deflated(text_of_letters(2'000, 10, 1));
  const std::string faults[] = {
      "",                                      // not even an empty block
      std::string(100, '\xff'),                // a block type that does not exist
      std::string("\x00\x05\x00\x05\x00", 5),  // a stored block whose length and its complement do not fit
      std::string("\x02\x03\x00", 3),          // a distance to before the beginning
      sound.substr(0, sound.size() / 2),
      sound.substr(1),
  };
  for (const auto& payload : faults) {
    EXPECT_EQ(inflater.inflate(payload).fault, close_code::invalid_utf8) << testing::PrintToString(payload);
    EXPECT_FALSE(inflater.inflate(sound).fault) << "the next one begins anew";
  }
}

TEST(message_inflater, does_not_let_a_message_refer_to_the_one_before) {
  // Two messages of one stream, the second of which copies from the first.
  boost::beast::zlib::deflate_stream stream;
  const std::string text = text_of_letters(300, 40, 1);
  const auto next = [&] {
    std::string made(1'000, '\0');
    boost::beast::zlib::z_params io;
    io.next_in = text.data();
    io.avail_in = text.size();
    io.next_out = made.data();
    io.avail_out = made.size();
    boost::system::error_code ec;
    stream.write(io, boost::beast::zlib::Flush::sync, ec);
    return made.substr(0, io.total_out - 4);
  };
  message_inflater inflater(most_text, spare_bytes);
  EXPECT_EQ(inflater.inflate(next()).text, text);
  EXPECT_EQ(inflater.inflate(next()).fault, close_code::invalid_utf8);
}

// Whatever comes: an answer, within the bound.
TEST(message_inflater, survives_damage_at_any_place) {
  message_inflater inflater(1'000, spare_bytes);
  std::mt19937 random(1);
  const std::string sound = deflated(text_of_letters(1'000, 20, 1));
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = sound;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto inflated = inflater.inflate(damaged);
    ASSERT_LE(inflated.text.size(), inflated.fault ? 0U : 1'000U);
  }
}

}  // namespace
}  // namespace parley
