// Addresses and names of files.
#include "parley/files.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

const std::string id_text = "01939b74-1c2d-7e3f-8a4b-5c6d7e8f9a01";
const auto id = *file_id::parse(id_text);

TEST(files, an_address_names_the_file_and_escapes_its_name) {
  const auto url = file_url_of(id, "\xC3\xB6 a%/b?.png");
  EXPECT_EQ(url, "/api/v1/files/" + id_text + "/%C3%B6%20a%25%2Fb%3F.png");
  EXPECT_EQ(file_of_url(url), id);
}

TEST(files, other_addresses_name_no_file) {
  for (const std::string& url :
       {std::string(), "https://x.org/api/v1/files/" + id_text + "/a", "/api/v1/files/" + id_text,
        "/api/v1/files/" + id_text + "/", "/api/v1/files/" + id_text + "/a/b", "/api/v1/files/x" + id_text + "/a",
        std::string("/api/v1/files/1/a")}) {
    EXPECT_EQ(file_of_url(url), std::nullopt) << url;
  }
}

TEST(files, a_name_is_without_folders_marks_and_hiding_dots) {
  EXPECT_EQ(safe_file_name("a.png"), "a.png");
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_file_name("C:\\files\\a.png"), "a.png");
  EXPECT_EQ(safe_file_name(".htaccess"), "htaccess");
  EXPECT_EQ(safe_file_name(" a. "), "a");
  EXPECT_EQ(safe_file_name("a\nb\x7F"
                           "c\xC2\x85"
                           "d"),
            "abcd");
  EXPECT_EQ(safe_file_name("gpj\xE2\x80\xAE"
                           ".exe"),
            "gpj.exe")
      << "the mark that turns the direction";
  EXPECT_EQ(safe_file_name("\xE2\x81\xA6x\xE2\x80\x8Fy"), "xy");
  EXPECT_EQ(safe_file_name("\xC3\xB6.png"), "\xC3\xB6.png");
  for (const auto* nothing : {"", ".", "..", "/", "a/", "\n", " . "})
    EXPECT_EQ(safe_file_name(nothing), "file") << nothing;
}

TEST(files, a_long_name_keeps_its_extension_and_whole_characters) {
  const auto cut = safe_file_name(std::string(300, 'a') + ".jpeg");
  EXPECT_EQ(cut.size(), longest_file_name);
  EXPECT_TRUE(cut.ends_with("a.jpeg"));
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "\xE2\x82\xAC";
  const auto name = safe_file_name("x" + wide);
  EXPECT_EQ(name, "x" + wide.substr(0, 126));
  EXPECT_LE(safe_file_name("a." + std::string(300, 'b')).size(), longest_file_name);
}

}  // namespace
}  // namespace parley
