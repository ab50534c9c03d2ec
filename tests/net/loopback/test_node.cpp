// See test_node.hpp.
#include "net/loopback/test_node.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "net/outbox.hpp"
#include "support/temporary_folder.hpp"

namespace parley::test {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

test_node::test_node(config given) : settings(std::move(given)) {
  settings.net.listen = "127.0.0.1:0";
  if (settings.net.threads == 0) settings.net.threads = 2;
  if (const char* way = std::getenv("PARLEY_NET_SEND")) settings.net.send = way;
  server = std::make_unique<net_server>(settings, json_encoder(), counts, lease);
  broker.out = &server->deliveries();
  const auto started = server->start(broker, {});
  if (started.has_error()) throw std::runtime_error(started.error().message);
}

test_node::~test_node() { server->stop(); }

shared_bytes text_frame(std::string_view payload) {
  std::string frame;
  append_frame_header(frame, payload.size());
  return std::make_shared<const std::string>(frame.append(payload));
}

outgoing answer_frame(std::string_view payload) { return {text_frame(payload), 1, 1, false}; }
outgoing plain_frame(std::string_view payload) { return {text_frame(payload), 1, 0, false}; }

test_certificate::test_certificate(const std::string& common_name) {
  const auto folder = support::new_temporary_folder("test");
  certificate_file = folder + "/certificate.pem";
  key_file = folder + "/key.pem";
  replace(common_name);
}

test_certificate::~test_certificate() {
  std::error_code ignored;
  std::filesystem::remove_all(std::filesystem::path(key_file).parent_path(), ignored);
}

void test_certificate::replace(const std::string& common_name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3'600);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME* name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                             -1, 0);
  X509_set_issuer_name(made.get(), name);
  X509_sign(made.get(), key.get(), EVP_sha256());
  const auto open = [](const std::string& file) {
    return std::unique_ptr<std::FILE, int (*)(std::FILE*)>(std::fopen(file.c_str(), "w"), &std::fclose);
  };
  PEM_write_X509(open(certificate_file).get(), made.get());
  PEM_write_PrivateKey(open(key_file).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

namespace {
tcp::endpoint at(std::uint16_t port) { return {asio::ip::make_address("127.0.0.1"), port}; }

void connect(tcp::socket& socket, std::uint16_t port, int receive_buffer) {
  socket.open(tcp::v4());
  if (receive_buffer != 0) socket.set_option(asio::socket_base::receive_buffer_size(receive_buffer));
  socket.connect(at(port));
  socket.set_option(tcp::no_delay(true));
}
}  // namespace

test_client::test_client(std::uint16_t port, bool tls, int receive_buffer, bool offers_compression) {
  websocket::permessage_deflate compression;
  compression.client_enable = offers_compression;
  compression.client_no_context_takeover = true;
  const auto offer = [](websocket::request_type& request) {
    request.set(boost::beast::http::field::sec_websocket_protocol, "parley.v1");
  };
  if (!tls) {
    plain_ = std::make_unique<plain_type>(context_);
    connect(plain_->next_layer(), port, receive_buffer);
    plain_->set_option(websocket::stream_base::decorator(offer));
    plain_->set_option(compression);
    plain_->handshake(response_, "localhost", "/ws?token=t");
    return;
  }
  tls_context_.set_verify_mode(asio::ssl::verify_none);
  tls_ = std::make_unique<tls_type>(context_, tls_context_);
  connect(tls_->next_layer().next_layer(), port, receive_buffer);
  tls_->next_layer().handshake(asio::ssl::stream_base::client);
  tls_->set_option(websocket::stream_base::decorator(offer));
  tls_->set_option(compression);
  tls_->handshake(response_, "localhost", "/ws?token=t");
}

void test_client::send(std::string_view text) {
  if (plain_) {
    plain_->write(asio::buffer(text));
  } else {
    tls_->write(asio::buffer(text));
  }
}

void test_client::send_binary(std::string_view bytes) {
  plain_->binary(true);
  send(bytes);
}

std::string test_client::receive() {
  boost::system::error_code ec;
  buffer_.clear();
  if (plain_) {
    plain_->read(buffer_, ec);
    if (ec == websocket::error::closed) code_ = plain_->reason().code;
  } else {
    tls_->read(buffer_, ec);
    if (ec == websocket::error::closed) code_ = tls_->reason().code;
  }
  return ec ? std::string() : boost::beast::buffers_to_string(buffer_.data());
}

int test_client::read_to_close() {
  while (!receive().empty()) {
  }
  return code_;
}

std::string test_client::peer_common_name() {
  const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(tls_->next_layer().native_handle()),
                                                         &X509_free);
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name, sizeof name);
  return name;
}

std::string test_client::header(std::string_view name) const {
  return std::string(response_[boost::beast::string_view(name.data(), name.size())]);
}

raw_client::raw_client(std::uint16_t port, std::string_view at_once, std::string_view headers) {
  connect(socket_, port, 0);
  const std::string request =
      "GET /ws?token=t HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  asio::write(socket_, asio::buffer(request + std::string(headers) + "\r\n" + std::string(at_once)));
  std::string answer;
  // One byte at a time, so that no frame of the server is swallowed with its answer.
  while (!answer.ends_with("\r\n\r\n")) {
    char byte = 0;
    asio::read(socket_, asio::buffer(&byte, 1));
    answer.push_back(byte);
  }
  if (!answer.starts_with("HTTP/1.1 101")) throw std::runtime_error("no upgrade");
}

void raw_client::send(std::string_view bytes) { asio::write(socket_, asio::buffer(bytes)); }

bool raw_client::try_send(std::string_view bytes) {
  boost::system::error_code ec;
  asio::write(socket_, asio::buffer(bytes), ec);
  return !ec;
}

std::string raw_client::read_frame() {
  while (frame_size_at(said_) == 0 || frame_size_at(said_) > said_.size()) {
    char bytes[4'096];
    boost::system::error_code ec;
    const std::size_t count = socket_.read_some(asio::buffer(bytes), ec);
    if (ec) return {};
    said_.append(bytes, count);
  }
  std::string frame = said_.substr(0, frame_size_at(said_));
  said_.erase(0, frame.size());
  return frame;
}

int raw_client::read_close_code() {
  for (std::string frame = read_frame(); !frame.empty(); frame = read_frame()) {
    if (frame[0] == '\x88' && frame.size() >= 4) {
      return static_cast<unsigned char>(frame[2]) << 8 | static_cast<unsigned char>(frame[3]);
    }
  }
  return 0;
}

std::string http_get(std::uint16_t port, const std::string& target) {
  asio::io_context context;
  tcp::socket socket(context);
  connect(socket, port, 0);
  asio::write(socket, asio::buffer("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  std::string answer;
  boost::system::error_code ec;
  asio::read(socket, asio::dynamic_buffer(answer), ec);
  return answer;
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 20'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace parley::test
