// Forms, in one piece and cut at every place.
#include "net/multipart_reader.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

const std::string file_header = "Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n";

struct outcome {
  std::string file;
  std::string name;
  std::string fault;  ///< Empty: none.
};

outcome read(const std::string& body, std::size_t cut) {
  multipart_reader form("b");
  outcome found;
  const auto use = [&](std::string_view bytes) { found.file += bytes; };
  auto done = form.take(std::string_view(body).substr(0, cut), use);
  if (done) done = form.take(std::string_view(body).substr(cut), use);
  if (done) done = form.finish();
  if (!done) found.fault = done.error().message;
  found.name = form.file_name();
  return found;
}

void expect_file(const std::string& body, const std::string& file, const std::string& name = "a.png") {
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    const auto found = read(body, cut);
    ASSERT_EQ(found.fault, "") << cut;
    ASSERT_EQ(found.file, file) << cut;
    ASSERT_EQ(found.name, name) << cut;
  }
}

void expect_fault(const std::string& body, const std::string& fault) {
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    ASSERT_NE(read(body, cut).fault.find(fault), std::string::npos) << cut << ": " << read(body, cut).fault;
  }
}

TEST(multipart_reader, hands_on_the_file_wherever_the_body_is_cut) {
  expect_file("--b\r\n" + file_header + "bytes\r\n--b--\r\n", "bytes");
  expect_file("--b\r\n" + file_header + "\r\n--b--", "");
  expect_file("--b  \r\n" + file_header + "\r\n-\r\n--\r\n--a\r\r\n\r\n--b--\r\n", "\r\n-\r\n--\r\n--a\r\r\n");
}

TEST(multipart_reader, passes_over_what_is_not_the_file) {
  expect_file("preamble\r\n--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nx\r\n--b\r\n" + file_header +
                  "bytes\r\n--b\r\n\r\nwithout a header\r\n--b--\r\nepilogue\r\n--b\r\n" + file_header + "more",
              "bytes");
}

TEST(multipart_reader, reads_headers_in_any_case_and_with_others_beside) {
  expect_file(
      "--b\r\nContent-Type: text/html\r\nCONTENT-DISPOSITION:form-data;NAME=file;filename=a.png\r\n\r\nx\r\n--b--",
      "x");
  expect_file("--b\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--b--", "x", "");
}

TEST(multipart_reader, refuses_what_is_no_whole_form_with_one_file) {
  expect_fault("", "ends before");
  expect_fault("--b\r\n" + file_header + "bytes", "ends before");
  expect_fault("--b\r\n" + file_header + "bytes\r\n--b-", "ends before");
  expect_fault("--other\r\n" + file_header + "bytes\r\n--other--\r\n", "ends before");
  expect_fault("--b--\r\n", "no field of that name");
  expect_fault("--bx\r\n" + file_header + "x\r\n--b--\r\n", "no multipart");
  expect_fault("--b\r\n" + file_header + "1\r\n--b\r\n" + file_header + "2\r\n--b--\r\n", "one at a time");
}

TEST(multipart_reader, does_not_hold_an_endless_header) {
  multipart_reader form("b");
  const auto nobody = [](std::string_view) { FAIL(); };
  result<void> done = form.take("--b\r\n", nobody);
  for (int i = 0; i < 100 && done; ++i) done = form.take("X-Header: " + std::string(1'000, 'x') + "\r\n", nobody);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("too long a header"), std::string::npos);
}

TEST(multipart_reader, knows_forms_by_their_content_type) {
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(form_boundary("Multipart/Form-Data ; charset=x; Boundary=\"a b\""), "a b");
  EXPECT_EQ(form_boundary("multipart/form-data"), "");
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=" + std::string(71, 'x')), "");
  EXPECT_EQ(form_boundary("image/png"), std::nullopt);
  EXPECT_EQ(form_boundary(""), std::nullopt);
}

}  // namespace
}  // namespace parley
