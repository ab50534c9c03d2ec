// Headers that make a stranger's file harmless, ranges, and the blocks.
#include "net/file_download.hpp"

#include <fmt/format.h>

#include "net/byte_range.hpp"
#include "net/content_sniffer.hpp"
#include "net/transfer_place.hpp"

namespace parley {
namespace {

namespace http = boost::beast::http;
using std::chrono::steady_clock;

constexpr std::chrono::seconds look_interval{1};

class file_source final : public byte_source {
 public:
  file_source(const api_call& call, open_file ask, byte_range part, transfer_place transfer)
      : services_(call.services),
        executor_(call.executor),
        transfer_(std::move(transfer)),
        ask_(std::move(ask)),
        size_(part.length),
        at_(part.first),
        end_(part.first + part.length),
        ends_at_(steady_clock::now() + std::chrono::seconds(call.services.settings.files.download_seconds)) {
    ask_.is_under_way = true;
  }

  [[nodiscard]] steady_clock::time_point ends_at() const override { return ends_at_; }

  [[nodiscard]] std::uint64_t size() const override { return size_; }

  // Whoever waits for the bytes holds this source.
  void next(std::function<void(result<std::string>)> then) override {
    if (steady_clock::now() < look_at_) return read(std::move(then));
    ask_broker(services_.actors, executor_, ask_, [this, then = std::move(then)](const result<stored_file>& found) {
      // Nobody is put out because the store cannot say.
      if (!found && !is_passing(found.error().code)) return then(found.error());
      look_at_ = steady_clock::now() + look_interval;
      read(then);
    });
  }

 private:
  static bool is_passing(error_code code) { return code == error_code::unavailable || code == error_code::busy; }

  void read(std::function<void(result<std::string>)> then) {
    const auto block = static_cast<std::uint32_t>(at_ / file_block_bytes);
    ask_broker(services_.actors, executor_, read_file_block{ask_.file, block},
               [this, then = std::move(then)](result<std::string> read) {
                 if (!read) return then(read.error());
                 auto bytes = std::move(*read);
                 const auto skipped = at_ % file_block_bytes;
                 if (bytes.size() <= skipped) return then(unavailable("The file ends before its end."));
                 if (skipped > 0) bytes.erase(0, skipped);
                 if (bytes.size() > end_ - at_) bytes.resize(end_ - at_);
                 at_ += bytes.size();
                 services_.counts.file_bytes_sent_total.add(bytes.size());
                 then(std::move(bytes));
               });
  }

  net_services& services_;
  boost::asio::any_io_executor executor_;
  transfer_place transfer_;
  open_file ask_;
  std::uint64_t size_;
  std::uint64_t at_, end_;
  steady_clock::time_point ends_at_;
  steady_clock::time_point look_at_ = steady_clock::now() + look_interval;
};

std::string_view header_of(const api_call& call, http::field name) {
  const auto value = call.request[name];
  return {value.data(), value.size()};
}

/// RFC 6266: the plain form for old clients, the encoded one for all others.
std::string disposition_of(const stored_file& file) {
  std::string plain;
  for (const char c : file.name) plain += c >= ' ' && c < '\x7F' && c != '"' && c != '\\' && c != '%' ? c : '_';
  const auto url = file_url_of(file.id, file.name);
  const auto encoded = url.substr(url.rfind('/') + 1);
  return fmt::format("{}; filename=\"{}\"; filename*=UTF-8''{}",
                     is_shown_inline(file.content_type) ? "inline" : "attachment", plain, encoded);
}

}  // namespace

void answer_with_file(const api_call_ptr& call, const open_file& ask, const stored_file& file, user_id reader,
                      std::int64_t cache_seconds) {
  const auto etag = fmt::format("\"{}\"", to_string(file.id));
  http_reply reply;
  reply.content_type = file.content_type;
  reply.headers = {
      {"ETag", etag},
      {"Accept-Ranges", "bytes"},
      {"Cache-Control",
       cache_seconds > 0 ? fmt::format("private, max-age={}", cache_seconds) : std::string("private, no-cache")},
      // Opened by itself it runs no script, whatever it is.
      {"Content-Security-Policy",
       "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"},
      {"Content-Disposition", disposition_of(file)},
  };
  const auto known = header_of(*call, http::field::if_none_match);
  if (known == "*" || known.find(etag) != std::string_view::npos) {
    reply.status = 304;
    return call->respond(std::move(reply));
  }
  byte_range part{0, file.size};
  const auto condition = header_of(*call, http::field::if_range);
  // RFC 9110 section 14.2: of any other method the header is passed over.
  const bool may_be_part = call->request.method() == http::verb::get && (condition.empty() || condition == etag);
  const auto range = may_be_part ? header_of(*call, http::field::range) : std::string_view();
  switch (read_range(range, file.size, part)) {
    case range_answer::whole:
      break;
    case range_answer::part:
      reply.status = 206;
      reply.headers.emplace_back("Content-Range",
                                 fmt::format("bytes {}-{}/{}", part.first, part.first + part.length - 1, file.size));
      break;
    case range_answer::unsatisfiable: {
      auto refused = problem(bad_request(fmt::format("Range: the file has {} bytes", file.size)), 416);
      refused.headers.emplace_back("Content-Range", fmt::format("bytes */{}", file.size));
      return call->respond(std::move(refused));
    }
  }
  auto transfer = call->services.transfers.take(reader);
  if (!transfer) return call->fail(too_many_transfers());
  reply.source = std::make_shared<file_source>(*call, ask, part, std::move(transfer));
  call->respond(std::move(reply));
}

}  // namespace parley
