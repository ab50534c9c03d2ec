// What files are told to be.
#include "net/content_sniffer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley {
namespace {

using namespace std::string_literals;

TEST(content_sniffer, knows_types_by_their_first_bytes) {
  EXPECT_EQ(sniffed_type("\x89PNG\r\n\x1A\n rest"), "image/png");
  EXPECT_EQ(sniffed_type("\xFF\xD8\xFF\xE0"), "image/jpeg");
  EXPECT_EQ(sniffed_type("GIF89a"), "image/gif");
  EXPECT_EQ(sniffed_type("RIFF....WEBPVP8 "), "image/webp");
  EXPECT_EQ(sniffed_type("\0\0\0\x20"
                         "ftypavif"s),
            "image/avif");
  EXPECT_EQ(sniffed_type("\0\0\0\x20"
                         "ftypisom"s),
            "video/mp4");
  EXPECT_EQ(sniffed_type("\0\0\0\x20"
                         "ftypM4A "s),
            "audio/mp4");
  EXPECT_EQ(sniffed_type("%PDF-1.7"), "application/pdf");
  EXPECT_EQ(sniffed_type("PK\3\4"), "application/zip");
  EXPECT_EQ(sniffed_type("\x7F"
                         "ELF\2\1\1"),
            "application/octet-stream");
  EXPECT_EQ(sniffed_type("\xFE\xFF"), "application/octet-stream") << "no UTF-8";
}

TEST(content_sniffer, takes_whatever_a_browser_would_run_for_text) {
  for (const auto* text : {"<!DOCTYPE html><script>alert(1)</script>", "<svg onload=alert(1)>",
                           "<?xml version=\"1.0\"?>", "#!/bin/sh", "hello", "\xC3\xB6"}) {
    EXPECT_EQ(sniffed_type(text), "text/plain; charset=utf-8") << text;
  }
  EXPECT_EQ(sniffed_type("GIF87"), "text/plain; charset=utf-8") << "not the whole sign";
}

TEST(content_sniffer, text_may_be_cut_within_a_character) {
  const auto head = std::string(sniffed_bytes - 1, 'a') + "\xE2\x82\xAC";
  EXPECT_EQ(sniffed_type(head), "text/plain; charset=utf-8");
  EXPECT_EQ(sniffed_type("a\xE2 b"), "application/octet-stream");
}

TEST(content_sniffer, only_harmless_types_are_shown) {
  for (const auto* shown : {"image/png", "video/mp4", "audio/mpeg", "application/ogg", "text/plain; charset=utf-8"}) {
    EXPECT_TRUE(is_shown_inline(shown)) << shown;
  }
  for (const auto* saved : {"application/pdf", "application/zip", "application/octet-stream", "text/html"}) {
    EXPECT_FALSE(is_shown_inline(saved)) << saved;
  }
}

}  // namespace
}  // namespace parley
