// TLS: the engine by itself against OpenSSL's client, then whole connections with gathered records and new
// certificates.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstdio>
#include <fstream>
#include <future>
#include <thread>

#include "net/loopback/test_node.hpp"
#include "net/tls_engine.hpp"

namespace parley {
namespace {

using namespace test;

/// OpenSSL's own client over memory, wired to an engine.
class engine_pair {
 public:
  explicit engine_pair(const shared_tls_context& context, int most_version = 0)
      : engine(context), client_context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    if (most_version != 0) SSL_CTX_set_max_proto_version(client_context_.get(), most_version);
    client.reset(SSL_new(client_context_.get()));
    SSL_set_bio(client.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client.get());
  }

  /// Bytes both ways until nothing moves.
  tls_engine::read_outcome pump() {
    auto outcome = tls_engine::read_outcome::want_more;
    for (bool moved = true; moved;) {
      moved = false;
      char bytes[4'096];
      if (!SSL_is_init_finished(client.get())) SSL_do_handshake(client.get());
      for (int count = 0; (count = BIO_read(SSL_get_wbio(client.get()), bytes, sizeof bytes)) > 0; moved = true) {
        engine.feed({bytes, static_cast<std::size_t>(count)});
      }
      char plain[4'096];
      std::size_t count = 0;
      while ((outcome = engine.read(plain, count)) == tls_engine::read_outcome::data) received.append(plain, count);
      moved = hand_to_client() || moved;
    }
    return outcome;
  }
  bool hand_to_client() {
    const std::string_view out = engine.pending();
    if (out.empty()) return false;
    BIO_write(SSL_get_rbio(client.get()), out.data(), static_cast<int>(out.size()));
    engine.consume_pending(out.size());
    return true;
  }
  std::string client_reads() {
    std::string all;
    char bytes[4'096];
    for (int count = 0; (count = SSL_read(client.get(), bytes, sizeof bytes)) > 0;) {
      all.append(bytes, static_cast<std::size_t>(count));
    }
    return all;
  }

  tls_engine engine;
  std::string received;

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> client_context_;

 public:
  std::unique_ptr<SSL, decltype(&SSL_free)> client{nullptr, &SSL_free};
};

/// Lengths of the TLS records that stand in the bytes.
std::vector<std::size_t> records(std::string_view bytes) {
  std::vector<std::size_t> lengths;
  while (bytes.size() >= 5) {
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
    lengths.push_back(byte(3) << 8U | byte(4));
    bytes.remove_prefix(std::min(bytes.size(), 5 + lengths.back()));
  }
  return lengths;
}

class tls : public testing::Test {
 protected:
  [[nodiscard]] shared_tls_context context() const {
    auto loaded = load_tls_context(certificate.certificate_file, certificate.key_file);
    EXPECT_FALSE(loaded.has_error());
    return *loaded;
  }
  [[nodiscard]] config settings() const {
    config made;
    made.net.tls_certificate = certificate.certificate_file;
    made.net.tls_key = certificate.key_file;
    return made;
  }
  test_certificate certificate{"one"};
};

TEST_F(tls, refuses_a_key_with_a_passphrase_and_says_so) {
  const auto locked = certificate.key_file + ".locked";
  const auto open = [](const std::string& path, const char* mode) {
    return std::unique_ptr<FILE, int (*)(FILE*)>(std::fopen(path.c_str(), mode), &std::fclose);
  };
  {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
        PEM_read_PrivateKey(open(certificate.key_file, "r").get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
    const auto out = open(locked, "w");
    ASSERT_EQ(PEM_write_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(), "secret", 6, nullptr, nullptr), 1);
  }
  const auto loaded = load_tls_context(certificate.certificate_file, locked);
  ASSERT_TRUE(loaded.has_error());
  EXPECT_NE(loaded.error().message.find("passphrase"), std::string::npos) << loaded.error().message;
}

TEST_F(tls, carries_bytes_both_ways) {
  engine_pair pair(context());
  pair.pump();
  ASSERT_TRUE(pair.engine.is_established());
  SSL_write(pair.client.get(), "hello", 5);
  pair.pump();
  EXPECT_EQ(pair.received, "hello");
  ASSERT_TRUE(pair.engine.write(std::string("welcome")));
  pair.hand_to_client();
  EXPECT_EQ(pair.client_reads(), "welcome");
}

TEST_F(tls, makes_one_record_of_what_is_written_at_once) {
  engine_pair pair(context());
  pair.pump();
  ASSERT_TRUE(pair.engine.write(std::string(tls_engine::record_bytes, 'x')));
  EXPECT_EQ(records(pair.engine.pending()).size(), 1U);
}

TEST_F(tls, keeps_no_memory_of_what_has_left_although_more_is_always_waiting) {
  engine_pair pair(context());
  pair.pump();
  const std::string record(tls_engine::record_bytes, 'x');
  ASSERT_TRUE(pair.engine.write(record));
  std::string all;
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(pair.engine.write(record));
    all.append(pair.engine.pending().substr(0, record.size()));
    pair.engine.consume_pending(record.size());
    ASSERT_FALSE(pair.engine.pending().empty());
  }
  EXPECT_LT(pair.engine.buffered_bytes(), 512U * 1024);
  for (const std::size_t size : records(all.substr(0, 100 * record.size()))) EXPECT_GE(size, record.size());
}

TEST_F(tls, refuses_versions_before_1_2) {
  engine_pair pair(context(), TLS1_1_VERSION);
  EXPECT_EQ(pair.pump(), tls_engine::read_outcome::failed);
  EXPECT_FALSE(pair.engine.is_established());
}

TEST_F(tls, ends_with_the_farewell_and_fails_on_garbage) {
  engine_pair polite(context());
  polite.pump();
  SSL_shutdown(polite.client.get());
  EXPECT_EQ(polite.pump(), tls_engine::read_outcome::closed);
  engine_pair rude(context());
  rude.engine.feed(std::string("GET / HTTP/1.1\r\n\r\n"));
  char byte = 0;
  std::size_t count = 0;
  EXPECT_EQ(rude.engine.read({&byte, 1}, count), tls_engine::read_outcome::failed);
  engine_pair farewell(context());
  farewell.pump();
  farewell.engine.shut_down();
  farewell.hand_to_client();
  EXPECT_EQ(farewell.client_reads(), "");
  EXPECT_EQ(SSL_get_shutdown(farewell.client.get()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

TEST_F(tls, names_the_file_that_cannot_be_used) {
  const auto missing = load_tls_context("/nowhere/certificate.pem", certificate.key_file);
  ASSERT_TRUE(missing.has_error());
  EXPECT_NE(missing.error().message.find("/nowhere/certificate.pem"), std::string::npos);
  const test_certificate stranger("other");
  ASSERT_TRUE(load_tls_context(certificate.certificate_file, stranger.key_file).has_error());
}

TEST_F(tls, a_websocket_works_over_it_and_small_frames_are_gathered) {
  test_node node(settings());
  test_client client(node.port(), true);
  const auto session = node.broker.session(0);
  client.send(R"({"type":"ping","id":"1"})");
  ASSERT_TRUE(node.broker.wait([&](const auto&) { return session->frames.size() == 1; }));
  constexpr int frames = 500;
  std::string page;
  for (int i = 0; i < frames; ++i) page += *text_frame("frame " + std::to_string(i));
  const std::uint64_t before = node.counts.bytes_sent_total.value();
  node.out().send(session->request.connection, {std::make_shared<const std::string>(page), frames, 1, false});
  for (int i = 0; i < frames; ++i) ASSERT_EQ(client.receive(), "frame " + std::to_string(i));
  // A record of its own would cost each frame 22 bytes and more.
  EXPECT_LE(node.counts.bytes_sent_total.value() - before, page.size() + 200);
}

TEST_F(tls, large_amounts_arrive_whole_through_a_slow_socket) {
  test_node node(settings());
  test_client client(node.port(), true, 4'096);
  const auto session = node.broker.session(0);
  std::thread reader([&] {
    for (char letter = 'a'; letter <= 'z'; ++letter) ASSERT_EQ(client.receive(), std::string(70'000, letter));
  });
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    std::promise<void> drained;
    node.out().send(session->request.connection, plain_frame(std::string(70'000, letter)),
                    [&] { drained.set_value(); });
    drained.get_future().wait();
  }
  reader.join();
}

TEST_F(tls, a_close_from_the_server_arrives_with_its_code) {
  test_node node(settings());
  test_client client(node.port(), true);
  node.out().close(node.broker.session(0)->request.connection, close_code::token_ended);
  EXPECT_EQ(client.read_to_close(), 4401);
  EXPECT_TRUE(eventually([&] { return node.counts.connections.value() == 0; }));
}

TEST_F(tls, new_certificates_serve_new_connections_and_spare_old_ones) {
  test_node node(settings());
  test_client old_client(node.port(), true);
  EXPECT_EQ(old_client.peer_common_name(), "one");
  certificate.replace("two");
  ASSERT_FALSE(node.server->reload_certificates().has_error());
  // Posted to the shards before this connection came: each handles it first.
  test_client new_client(node.port(), true);
  EXPECT_EQ(new_client.peer_common_name(), "two");
  node.out().send(node.broker.session(0)->request.connection, plain_frame("still here"));
  EXPECT_EQ(old_client.receive(), "still here");
}

TEST_F(tls, a_broken_certificate_leaves_the_old_one_in_place) {
  test_node node(settings());
  std::ofstream(certificate.certificate_file) << "no certificate";
  EXPECT_TRUE(node.server->reload_certificates().has_error());
  EXPECT_EQ(test_client(node.port(), true).peer_common_name(), "one");
}

TEST_F(tls, plain_http_on_its_port_is_ended_not_answered) {
  test_node node(settings());
  const auto started = std::chrono::steady_clock::now();
  const std::string answer = http_get(node.port(), "/healthz");
  EXPECT_EQ(answer.find("HTTP/1.1"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return node.counts.connections.value() == 0; }));
  // Not held for a farewell that cannot be said.
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(4));
}

TEST_F(tls, starts_not_without_its_files) {
  config broken = settings();
  broken.net.tls_key = "/nowhere/key.pem";
  EXPECT_THROW(test_node{broken}, std::runtime_error);
}

}  // namespace
}  // namespace parley
