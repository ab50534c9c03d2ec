// Reads, cuts into blocks, and waits for each block before it reads on.
#include "net/file_upload.hpp"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "net/content_sniffer.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/multipart_reader.hpp"
#include "net/transfer_place.hpp"
#include "parley/utf8.hpp"

namespace parley {
namespace {

namespace http = boost::beast::http;

/// What a form has besides its file.
constexpr std::uint64_t form_overhead = 16 * 1024;

/// Lives by whatever it waits for: a piece of the body, or an answer.
class file_upload : public std::enable_shared_from_this<file_upload> {
 public:
  file_upload(api_call_ptr call, std::optional<std::string> boundary, transfer_place transfer)
      : call_(std::move(call)), transfer_(std::move(transfer)), deadline_(call_->executor) {
    if (boundary) form_.emplace(*boundary);
    name_ = call_->target.query_field("name").value_or("");
  }

  void start() {
    const auto announced = call_->body ? call_->body->announced_bytes() : call_->request.body().size();
    if (announced.value_or(0) > call_->limits().file_bytes + (form_ ? form_overhead : 0)) return refuse(too_large());
    const auto seconds = call_->services.settings.files.upload_seconds;
    deadline_.expires_after(std::chrono::seconds(seconds));
    deadline_.async_wait([weak = weak_from_this(), seconds](boost::system::error_code ec) {
      const auto self = weak.lock();
      if (ec || !self || !self->end()) return;
      self->call_->respond(problem(bad_request(fmt::format("file: an upload may take {} s", seconds)), 408));
    });
    ask_broker(call_->services.actors, call_->executor,
               begin_upload{call_->who, safe_file_name(name_), announced.value_or(0)},
               [self = shared_from_this()](result<begin_upload::reply> begun) {
                 if (!begun) return self->refuse(begun.error());
                 self->upload_ = std::move(*begun);
                 self->read();
               });
  }

 private:
  [[nodiscard]] error too_large() const {
    return make_error(error_code::too_large, fmt::format("file: at most {} bytes", call_->limits().file_bytes));
  }

  void read() {
    if (is_over_) return;
    if (!call_->body) return on_piece(call_->request.body(), true);
    call_->body->read([self = shared_from_this()](const result<std::string_view>& bytes, bool is_last) {
      if (self->is_over_) return;
      if (!bytes) return self->refuse(bytes.error());
      self->on_piece(*bytes, is_last);
    });
  }

  void on_piece(std::string_view bytes, bool is_last) {
    call_->services.counts.file_bytes_received_total.add(bytes.size());
    body_has_ended_ = is_last;
    if (form_) {
      const auto taken = form_->take(bytes, [this](std::string_view part) { keep(part); });
      if (!taken) return refuse(taken.error());
    } else {
      keep(bytes);
    }
    if (size_ > call_->limits().file_bytes) return refuse(too_large());
    go_on();
  }

  void keep(std::string_view bytes) {
    if (head_.size() < sniffed_bytes) head_ += bytes.substr(0, sniffed_bytes - head_.size());
    size_ += bytes.size();
    waiting_ += bytes;
  }

  /// Full blocks first; what is left when the body has ended; then the end, or more of the body.
  void go_on() {
    if (waiting_.size() >= file_block_bytes || (body_has_ended_ && !waiting_.empty())) return put_block();
    if (!body_has_ended_) return read();
    if (form_) {
      if (const auto whole = form_->finish(); !whole) return refuse(whole.error());
    }
    if (size_ == 0) return refuse(bad_request("file: is empty"));
    finish();
  }

  void put_block() {
    std::string block = waiting_.substr(0, file_block_bytes);
    waiting_.erase(0, block.size());
    ask_broker(call_->services.actors, call_->executor, put_file_block{upload_.file, blocks_++, std::move(block)},
               [self = shared_from_this()](const result<std::monostate>& done) {
                 if (self->is_over_) return;
                 if (!done) return self->refuse(done.error());
                 self->go_on();
               });
  }

  void finish() {
    const auto given = form_ && name_.empty() ? form_->file_name() : name_;
    if (!is_valid_utf8(given)) return refuse(bad_request("file: its name must be UTF-8"));
    const auto name = safe_file_name(given);
    const std::string type(sniffed_type(head_));
    finish_upload last{call_->who, upload_.file, name, type, size_, upload_.place};
    ask_broker(call_->services.actors, call_->executor, std::move(last),
               [self = shared_from_this(), name, type](const result<std::monostate>& done) {
                 if (!done) return self->refuse(done.error());
                 if (!self->end()) return;
                 std::string json;
                 json::object_writer(json)
                     .field("file_url", file_url_of(self->upload_.file, name))
                     .field("size", self->size_)
                     .field("content_type", type);
                 self->call_->answer(201, std::move(json));
               });
  }

  void refuse(const error& why) {
    if (end()) call_->fail(why);
  }

  /// False when it was over already. The places go back before the answer leaves: whoever has it may begin the next.
  bool end() {
    if (is_over_) return false;
    is_over_ = true;
    deadline_.cancel();
    upload_.place.reset();
    transfer_.reset();
    return true;
  }

  api_call_ptr call_;
  transfer_place transfer_;
  boost::asio::steady_timer deadline_;
  std::optional<multipart_reader> form_;
  std::string name_;
  begin_upload::reply upload_;
  std::string head_;     ///< By which its type is told.
  std::string waiting_;  ///< Not put away yet.
  std::uint64_t size_ = 0;
  std::uint32_t blocks_ = 0;
  bool body_has_ended_ = false;
  bool is_over_ = false;
};

}  // namespace

void start_file_upload(const api_call_ptr& call) {
  auto transfer = call->services.transfers.take(call->who.user.id);
  if (!transfer) return call->fail(too_many_transfers());
  const auto type = call->request[http::field::content_type];
  auto boundary = form_boundary({type.data(), type.size()});
  if (boundary && boundary->empty()) {
    return call->fail(bad_request("Content-Type: multipart/form-data needs a boundary of 1 to 70 characters"));
  }
  std::make_shared<file_upload>(call, std::move(boundary), std::move(transfer))->start();
}

}  // namespace parley
