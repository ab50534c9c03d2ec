// TLS without a socket: plaintext and ciphertext in and out of memory, so that our outbox decides what becomes a
// record.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "parley/error.hpp"

namespace parley {

using shared_tls_context = std::shared_ptr<SSL_CTX>;

/// TLS 1.2 and up with the certificate chain and key of those PEM files; error: names the file. Read anew on SIGHUP:
/// connections keep the context with which they began.
result<shared_tls_context> load_tls_context(const std::string& certificate_file, const std::string& key_file);

/// Ciphertext between OpenSSL and us.
struct tls_buffers {
  std::string in, out;
  std::size_t taken = 0;  ///< Of `in`, already read by OpenSSL.

  int write(const char* bytes, int size);
  int read(char* target, int size);
};

/// One connection's server side. The handshake happens within read(); whatever must be sent for it stands in pending().
class tls_engine {
 public:
  enum class read_outcome : std::uint8_t { data, want_more, closed, failed };
  static constexpr std::size_t record_bytes = 16 * 1024;

  /// Throws std::bad_alloc.
  explicit tls_engine(const shared_tls_context& context);
  tls_engine(const tls_engine&) = delete;
  tls_engine& operator=(const tls_engine&) = delete;

  /// Ciphertext from the peer.
  void feed(std::span<const char> ciphertext);
  /// Decrypts into `target`; `count` is set for `data`.
  read_outcome read(std::span<char> target, std::size_t& count);
  [[nodiscard]] bool is_established() const;
  /// Encrypts into one record when it is at most record_bytes. False when TLS is broken.
  bool write(std::span<const char> plain);
  /// The farewell alert (close_notify).
  void shut_down();

  /// Ciphertext for the peer that waits.
  [[nodiscard]] std::string_view pending() const;
  void consume_pending(std::size_t bytes);
  /// Memory that ciphertext takes, both ways.
  [[nodiscard]] std::size_t buffered_bytes() const { return buffers_.in.capacity() + buffers_.out.capacity(); }

 private:
  struct deleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  tls_buffers buffers_;   ///< Outlives ssl_, which points to it.
  std::size_t sent_ = 0;  ///< Of buffers_.out.
  std::unique_ptr<SSL, deleter> ssl_;
};

}  // namespace parley
