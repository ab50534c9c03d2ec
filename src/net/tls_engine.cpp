// OpenSSL over memory: ciphertext goes through two strings, so that an idle connection keeps none.
#include "net/tls_engine.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace parley {

namespace {

constexpr std::size_t kept_bytes = 1024;          // what an idle buffer may keep
constexpr std::size_t compact_bytes = 64 * 1024;  // sent ones at the front before the rest moves down

std::string last_tls_error() {
  char text[256] = "unknown";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

error bad_file(const std::string& what, const std::string& file) {
  return bad_request(what + " " + file + " cannot be used: " + last_tls_error());
}

int write_bio(BIO* bio, const char* bytes, int size) {
  return static_cast<tls_buffers*>(BIO_get_data(bio))->write(bytes, size);
}

int read_bio(BIO* bio, char* target, int size) {
  BIO_clear_retry_flags(bio);
  const int count = static_cast<tls_buffers*>(BIO_get_data(bio))->read(target, size);
  if (count < 0) BIO_set_retry_read(bio);
  return count;
}

long control_bio(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int create_bio(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD* memory_method() {
  static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> method = [] {
    std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "parley memory"), &BIO_meth_free);
    if (!made) throw std::bad_alloc();
    BIO_meth_set_write(made.get(), write_bio);
    BIO_meth_set_read(made.get(), read_bio);
    BIO_meth_set_ctrl(made.get(), control_bio);
    BIO_meth_set_create(made.get(), create_bio);
    return made;
  }();
  return method.get();
}

void release(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kept_bytes) buffer.shrink_to_fit();
}

}  // namespace

int tls_buffers::write(const char* bytes, int size) {
  out.append(bytes, static_cast<std::size_t>(size));
  return size;
}

int tls_buffers::read(char* target, int size) {
  const std::size_t count = std::min(static_cast<std::size_t>(size), in.size() - taken);
  if (count == 0) return -1;
  std::memcpy(target, in.data() + taken, count);
  taken += count;
  if (taken == in.size()) {
    release(in);
    taken = 0;
  }
  return static_cast<int>(count);
}

result<shared_tls_context> load_tls_context(const std::string& certificate_file, const std::string& key_file) {
  ERR_clear_error();
  shared_tls_context context(SSL_CTX_new(TLS_server_method()), [](SSL_CTX* c) { SSL_CTX_free(c); });
  if (!context) return unavailable("TLS cannot be set up: " + last_tls_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets resume sessions without our memory
  // OpenSSL would ask at the terminal, and wait.
  bool is_encrypted = false;
  SSL_CTX_set_default_passwd_cb_userdata(context.get(), &is_encrypted);
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
  });
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    return bad_file("net.tls_certificate", certificate_file);
  }
  const bool has_key = SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb(context.get(), nullptr);
  SSL_CTX_set_default_passwd_cb_userdata(context.get(), nullptr);
  if (is_encrypted) return bad_request("net.tls_key " + key_file + " has a passphrase; store the key without one.");
  if (!has_key) return bad_file("net.tls_key", key_file);
  if (SSL_CTX_check_private_key(context.get()) != 1)
    return bad_file("net.tls_key does not fit the certificate:", key_file);
  return context;
}

tls_engine::tls_engine(const shared_tls_context& context) : ssl_(SSL_new(context.get())) {
  BIO* bio = ssl_ ? BIO_new(memory_method()) : nullptr;
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &buffers_);
  SSL_set_bio(ssl_.get(), bio, bio);  // one reference serves both directions
  SSL_set_accept_state(ssl_.get());
}

void tls_engine::feed(std::span<const char> ciphertext) { buffers_.in.append(ciphertext.data(), ciphertext.size()); }

tls_engine::read_outcome tls_engine::read(std::span<char> target, std::size_t& count) {
  ERR_clear_error();
  if (SSL_read_ex(ssl_.get(), target.data(), target.size(), &count) == 1) return read_outcome::data;
  count = 0;
  switch (SSL_get_error(ssl_.get(), 0)) {
    case SSL_ERROR_WANT_READ:
      return read_outcome::want_more;
    case SSL_ERROR_ZERO_RETURN:
      return read_outcome::closed;
    default:
      ERR_clear_error();
      return read_outcome::failed;
  }
}

bool tls_engine::is_established() const { return SSL_is_init_finished(ssl_.get()) == 1; }

bool tls_engine::write(std::span<const char> plain) {
  ERR_clear_error();
  std::size_t written = 0;
  const bool ok = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) == 1 && written == plain.size();
  if (!ok) ERR_clear_error();
  return ok;
}

void tls_engine::shut_down() {
  ERR_clear_error();
  if (is_established()) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::string_view tls_engine::pending() const { return std::string_view(buffers_.out).substr(sent_); }

void tls_engine::consume_pending(std::size_t bytes) {
  sent_ += bytes;
  if (sent_ == buffers_.out.size()) {
    sent_ = 0;
    release(buffers_.out);
  } else if (sent_ >= compact_bytes) {
    // With a slow reader and a full outbox more is always waiting: what has left must not stay until that ends.
    buffers_.out.erase(0, sent_);
    sent_ = 0;
  }
}

}  // namespace parley
