// Uploads and downloads over HTTP, block by block, with a broker that keeps one file.
#include "net/http_test.hpp"
#include "net/transfer_place.hpp"

namespace parley {
namespace {

class files_api : public http_test {
 protected:
  static std::string form(const std::string& file, const std::string& name = "a.txt") {
    return "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n" + file +
           "\r\n--b--\r\n";
  }
  http_client::response upload(const std::string& body, const std::string& query = "?name=a.txt",
                               const std::string& headers = with_token) {
    return call("POST", "/api/v1/files" + query, body, headers);
  }
  static inline const std::string file_path = "/api/v1/files/01939b74-1c2d-7e3f-8a4b-5c6d7e8f9a01/a.txt";
  static inline const std::string form_type = with_token + "Content-Type: multipart/form-data; boundary=b\r\n";
};

TEST_F(files_api, a_raw_body_arrives_in_blocks) {
  for (const std::size_t size :
       {std::size_t{1}, file_block_bytes - 1, file_block_bytes, file_block_bytes + 1, 3 * file_block_bytes + 7}) {
    broker_.file_bytes.clear();
    std::string body(size, 'x');
    for (std::size_t i = 0; i < body.size(); i += 1'000) body[i] = static_cast<char>('a' + i / 1'000 % 26);
    const auto before = broker_.count<put_file_block>();
    const auto made = upload(body);
    ASSERT_EQ(made.result_int(), 201U) << made.body();
    EXPECT_EQ(made.body(), R"({"file_url":")" + file_path + R"(","size":)" + std::to_string(size) +
                               R"(,"content_type":"text/plain; charset=utf-8"})");
    EXPECT_EQ(broker_.file_bytes, body);
    EXPECT_EQ(broker_.count<put_file_block>() - before,
              static_cast<std::ptrdiff_t>((size + file_block_bytes - 1) / file_block_bytes));
    EXPECT_EQ(broker_.last<begin_upload>()->announced_bytes, size);
    EXPECT_EQ(broker_.last<finish_upload>()->size, size);
  }
}

TEST_F(files_api, a_form_brings_its_own_name) {
  const auto made = upload(form("hello", "../\xC3\xB6.txt"), "", form_type);
  ASSERT_EQ(made.result_int(), 201U) << made.body();
  EXPECT_EQ(broker_.file_bytes, "hello");
  EXPECT_EQ(broker_.last<finish_upload>()->name, "\xC3\xB6.txt");
  expect_problem(upload("no form", "", form_type), 400, "bad_request");
  expect_problem(upload(form(""), "", form_type), 400, "bad_request");
  expect_problem(upload("x", "", with_token + "Content-Type: multipart/form-data\r\n"), 400, "bad_request");
}

TEST_F(files_api, chunks_are_taken_as_they_come) {
  auto client = connect();
  client.write("POST /api/v1/files?name=a HTTP/1.1\r\nHost: x\r\n" + with_token + "Transfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) client.write("5\r\nhello\r\n");
  client.write("0\r\n\r\n");
  expect_status(client, 201);
  EXPECT_EQ(broker_.file_bytes, "hellohellohello");
  EXPECT_EQ(broker_.last<begin_upload>()->announced_bytes, 0U);
  client.write(request("GET", "/api/v1/me"));
  expect_status(client, 200);
}

TEST_F(files_api, nobody_uploads_without_a_token_or_over_the_limits) {
  settings_.limits.file_bytes = 1'000;
  expect_problem(upload("x", "", ""), 401, "unauthenticated");
  expect_problem(upload(std::string(1'001, 'x')), 413, "too_large");
  expect_problem(upload(form(std::string(1'001, 'x')), "", form_type), 413, "too_large");
  expect_problem(upload(""), 400, "bad_request");
  EXPECT_EQ(upload(std::string(1'000, 'x')).result_int(), 201U);
  broker_.failure = busy("file: too many", 1'000);
  expect_problem(upload("x"), 503, "busy");
  EXPECT_EQ(counts_.file_transfers.value(), 0);
}

TEST_F(files_api, a_body_that_nobody_wants_is_not_waited_for) {
  settings_.limits.file_bytes = 1'000;
  auto client = connect();
  client.write("POST /api/v1/files HTTP/1.1\r\nHost: x\r\n" + with_token +
               "Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n");
  expect_status(client, 413);
  EXPECT_TRUE(client.is_over());
  auto welcome = connect();
  welcome.write("POST /api/v1/files HTTP/1.1\r\nHost: x\r\n" + with_token +
                "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  expect_status(welcome, 100);
  welcome.write("hello");
  expect_status(welcome, 201);
}

TEST_F(files_api, no_more_transfers_than_allowed_and_none_is_forgotten) {
  settings_.files.transfers = 1;
  auto first = connect();
  first.write("POST /api/v1/files HTTP/1.1\r\nHost: x\r\n" + with_token + "Content-Length: 10\r\n\r\nhalf");
  wait_until([&] { return counts_.file_transfers.value() == 1 && broker_.last<begin_upload>().has_value(); });
  expect_problem(upload("x"), 503, "busy");
  first.end();
  wait_until([&] { return counts_.file_transfers.value() == 0; });
  EXPECT_EQ(upload("x").result_int(), 201U);
}

TEST_F(files_api, few_users_never_hold_all_transfers) {
  settings_.files.transfers = 64;
  settings_.limits.transfers_per_user = 32;
  transfer_places places(settings_, counts_);
  std::vector<transfer_place> held;
  const auto take_all = [&](std::uint8_t user) {
    user_id who;
    who.bytes.fill(user);
    std::size_t got = 0;
    for (auto place = places.take(who); place; place = places.take(who)) {
      held.push_back(std::move(place));
      ++got;
    }
    return got;
  };
  EXPECT_EQ(take_all(1), 32U);
  EXPECT_EQ(take_all(2), 22U) << "twice what is free behind it";
  EXPECT_EQ(take_all(3), 7U);
  held.pop_back();
  EXPECT_EQ(take_all(3), 1U);
  held.clear();
  EXPECT_EQ(take_all(8), 32U);
}

TEST_F(files_api, an_upload_ends_in_time) {
  settings_.files.upload_seconds = 1;
  auto client = connect();
  client.write("POST /api/v1/files HTTP/1.1\r\nHost: x\r\n" + with_token + "Content-Length: 10\r\n\r\nhalf");
  expect_status(client, 408);
  // What the client goes on sending belongs to nothing any more.
  const std::string rest(40'000, 'x');
  for (int i = 0; i < 10 && client.try_write(rest); ++i) {
  }
  EXPECT_TRUE(client.is_over());
  EXPECT_EQ(call("GET", "/api/v1/me").result_int(), 200U);
}

TEST_F(files_api, a_file_leaves_in_blocks_with_headers_that_make_it_harmless) {
  broker_.file_bytes = std::string(2 * file_block_bytes + 5, 'y');
  const auto got = call("GET", file_path);
  EXPECT_EQ(got.result_int(), 200U);
  EXPECT_EQ(got.body(), broker_.file_bytes);
  EXPECT_EQ(got["Content-Type"], "text/plain; charset=utf-8");
  EXPECT_EQ(got["X-Content-Type-Options"], "nosniff");
  EXPECT_EQ(got["Accept-Ranges"], "bytes");
  EXPECT_EQ(got["Cache-Control"], "private, no-cache");
  EXPECT_EQ(got["Content-Disposition"], "inline; filename=\"a.txt\"; filename*=UTF-8''a.txt");
  EXPECT_NE(got["Content-Security-Policy"].find("sandbox"), boost::beast::string_view::npos);
  const auto etag = std::string(got["ETag"]);
  EXPECT_EQ(call("GET", file_path, "", with_token + "If-None-Match: " + etag + "\r\n").result_int(), 304U);
  wait_until([&] { return counts_.file_transfers.value() == 0; });
}

TEST_F(files_api, a_part_of_a_file_may_begin_and_end_anywhere) {
  broker_.file_bytes = std::string(file_block_bytes, 'a') + std::string(file_block_bytes, 'b') + "c";
  const auto part = call("GET", file_path, "", with_token + "Range: bytes=262143-524288\r\n");
  EXPECT_EQ(part.result_int(), 206U);
  EXPECT_EQ(part["Content-Range"], "bytes 262143-524288/524289");
  EXPECT_EQ(part.body(), "a" + std::string(file_block_bytes, 'b') + "c");
  const auto none = call("GET", file_path, "", with_token + "Range: bytes=524289-\r\n");
  EXPECT_EQ(none.result_int(), 416U);
  EXPECT_EQ(none["Content-Range"], "bytes */524289");
  const auto stale = call("GET", file_path, "", with_token + "Range: bytes=0-0\r\nIf-Range: \"other\"\r\n");
  EXPECT_EQ(stale.result_int(), 200U);
  auto client = connect();
  client.write(request("HEAD", file_path, with_token + "Range: bytes=0-0\r\n"));
  const auto head = client.read(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->result_int(), 200U) << "ranges are of GET alone";
  EXPECT_EQ((*head)["Content-Length"], "524289");
  client.write(request("GET", "/api/v1/me"));
  expect_status(client, 200);
}

TEST_F(files_api, whoever_takes_a_file_that_ends_early_sees_the_connection_end) {
  broker_.file_bytes = std::string(file_block_bytes, 'y');
  broker_.lost_bytes = 5;
  auto client = connect();
  client.write(request("GET", file_path));
  EXPECT_FALSE(client.read().has_value());
  wait_until([&] { return counts_.file_transfers.value() == 0; });
}

TEST_F(files_api, an_owner_lists_and_deletes_files) {
  const auto answer = call("GET", "/api/v1/files?limit=3");
  EXPECT_EQ(answer.result_int(), 200U);
  EXPECT_EQ(answer.body(), R"({"items":[{"file_url":")" + file_url_of(file_one, "a b.txt") +
                               R"(","name":"a b.txt","size":5,"content_type":"text/plain; charset=utf-8",)"
                               R"("created_at":"1970-01-01T00:00:00.000Z"}],"next_cursor":null,"used_bytes":7,)"
                               R"("quota_bytes":1073741824})");
  EXPECT_EQ(broker_.last<list_own_files>()->range.limit, 3U);
  expect_problem(call("GET", "/api/v1/files?limit=0"), 400, "bad_request");
  expect_problem(call("GET", "/api/v1/files", "", ""), 401, "unauthenticated");
  EXPECT_EQ(call("DELETE", file_path).result_int(), 204U);
  EXPECT_EQ(file_url_of(broker_.last<delete_own_file>()->file, broker_.last<delete_own_file>()->name), file_path);
  expect_problem(call("DELETE", "/api/v1/files/x/a.txt"), 404, "not_found");
  expect_problem(call("DELETE", file_path, "", ""), 401, "unauthenticated");
}

TEST_F(files_api, a_download_ends_in_time_however_slow_its_reader) {
  settings_.net.request_deadline_ms = 600'000;
  settings_.files.download_seconds = 1;
  broker_.file_bytes = std::string(32 * file_block_bytes, 'y');
  auto client = connect();
  client.write(request("GET", file_path));
  wait_until([&] { return counts_.file_transfers.value() == 1; });
  wait_until([&] { return counts_.file_transfers.value() == 0; });
  EXPECT_FALSE(client.read().has_value()) << "the end is missing";
}

TEST_F(files_api, a_signed_address_needs_no_token_but_all_its_parts) {
  const auto answer = call("POST", "/api/v1/files/sign", R"({"file_url":")" + file_path + R"("})");
  EXPECT_EQ(answer.body(), R"({"url":")" + file_path + R"(?signature=x","expires_at":"1970-01-01T00:00:00.000Z"})");
  broker_.file_bytes = "hello";
  const auto query = "?user=" + ada_text + "&expires=4000000000&signature=abc";
  const auto got = call("GET", file_path + query, "", "");
  EXPECT_EQ(got.body(), "hello");
  const auto asked = std::get<file_signature>(broker_.last<open_file>()->who);
  EXPECT_EQ(asked.user, ada_id);
  EXPECT_EQ(asked.code, "abc");
  EXPECT_EQ(asked.expires_at, timestamp(std::chrono::seconds(4'000'000'000)));
  for (const auto& broken : std::vector<std::string>{"?signature=abc", "?user=x&expires=1&signature=a",
                                                     "?user=" + ada_text + "&expires=1x&signature=a",
                                                     "?user=" + ada_text + "&expires=99999999999999999999&signature=a",
                                                     "?user=" + ada_text + "&expires=-1&signature=a"}) {
    expect_problem(call("GET", file_path + broken, "", ""), 404, "not_found");
  }
  expect_problem(call("GET", file_path, "", ""), 401, "unauthenticated");
  expect_problem(call("GET", "/api/v1/files/x/a.txt"), 404, "not_found");
}

}  // namespace
}  // namespace parley
