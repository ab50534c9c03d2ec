// Runs made by hand, sound and unsound: a check that sees nothing proves nothing.
#include "verify/ledger.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace parley::bench::ledger_test {
namespace {

constexpr int room = 0;
const where somebody{3, 1, 0};

std::string new_message(int seq, const std::string& key, const std::string& message, const std::string& content) {
  return fmt::format(
      R"({{"type":"new_message","data":{{"room_id":"r","seq":{},"message_id":"{}","client_msg_id":"{}","content":{}}}}})",
      seq, message, key, content);
}

std::string change(const std::string& type, int seq, const std::string& message, const std::string& content = "null") {
  return fmt::format(R"({{"type":"{}","data":{{"room_id":"r","seq":{},"message_id":"{}","content":{}}}}})", type, seq,
                     message, content);
}

/// Two messages, m1 and m2, with the keys k1 and k2 and seqs 1 and 2: sent, acknowledged, delivered and stored.
class verify_ledger : public ::testing::Test {
 protected:
  verify_ledger() {
    for (int i = 1; i <= 2; ++i) {
      const auto key = fmt::format("k{}", i);
      book_.attempted(room, key);
      acknowledge(key, fmt::format("m{}", i), i);
      const auto frame = new_message(i, key, fmt::format("m{}", i), fmt::format("\"k{} v0\"", i));
      deliver(i, frame);
      store(i, frame);
    }
  }

  void acknowledge(const std::string& key, const std::string& message, int seq, bool is_duplicate = false) {
    book_.acknowledged(room, key, {message, seq, is_duplicate}, somebody, 1.5);
  }
  void deliver(int seq, const std::string& frame) {
    book_.delivered(room, seq, std::make_shared<const std::string>(frame), somebody, 1.6);
  }
  void store(int seq, const std::string& frame) { log_.push_back({seq, boost::json::parse(frame).as_object()}); }
  /// Exactly that was found, and nothing else.
  void expect_found(broken kind, std::uint64_t times = 1) {
    book_.judge(room, log_);
    EXPECT_EQ(found_.count(kind), times);
    EXPECT_EQ(found_.total(), times) << found_.list().front().text;
  }

  findings found_;
  ledger book_{found_};
  room_log log_;
};

TEST_F(verify_ledger, passes_a_sound_run) {
  acknowledge("k2", "m2", 2, true);
  book_.judge(room, log_);
  EXPECT_EQ(found_.total(), 0U);
  EXPECT_EQ(book_.attempted(), 2U);
  EXPECT_EQ(book_.acknowledged(), 2U);
}

TEST_F(verify_ledger, sees_an_acknowledged_message_that_is_not_stored) {
  book_.attempted(room, "k3");
  acknowledge("k3", "m3", 3);
  expect_found(broken::lost);
  EXPECT_EQ(found_.list().front().seq, 3);
  EXPECT_EQ(found_.list().front().who.client, somebody.client);
}

TEST_F(verify_ledger, sees_an_ack_that_names_another_seq_than_the_log) {
  book_.attempted(room, "k3");
  acknowledge("k3", "m3", 2);
  expect_found(broken::lost);
}

TEST_F(verify_ledger, sees_a_key_that_is_stored_twice) {
  store(3, new_message(3, "k2", "m3", "\"k2 v0\""));
  expect_found(broken::duplicated);
}

TEST_F(verify_ledger, sees_an_unacknowledged_key_that_is_stored_twice) {
  book_.attempted(room, "k3");
  store(3, new_message(3, "k3", "m3", "\"k3 v0\""));
  store(4, new_message(4, "k3", "m4", "\"k3 v0\""));
  expect_found(broken::duplicated);
}

TEST_F(verify_ledger, sees_two_acks_of_one_key_that_differ) {
  acknowledge("k2", "m3", 3, true);
  expect_found(broken::duplicated);
}

TEST_F(verify_ledger, sees_a_key_that_was_new_twice) {
  acknowledge("k2", "m2", 2);
  expect_found(broken::duplicated);
}

TEST_F(verify_ledger, sees_a_hole_in_the_log) {
  book_.attempted(room, "k4");
  store(4, new_message(4, "k4", "m4", "\"k4 v0\""));
  expect_found(broken::hole);
}

TEST_F(verify_ledger, sees_a_delivery_that_is_not_stored) {
  deliver(3, new_message(3, "k3", "m3", "\"k3 v0\""));
  expect_found(broken::unstored);
}

TEST_F(verify_ledger, sees_a_delivery_with_another_message_id) {
  deliver(2, new_message(2, "k2", "m9", "\"k2 v0\""));
  expect_found(broken::unstored);
}

TEST_F(verify_ledger, sees_a_delivery_with_a_text_that_nobody_sent) {
  deliver(2, new_message(2, "k2", "m2", "\"k2 v1\""));
  deliver(1, new_message(1, "k1", "m1", "\"k1 v0 \""));
  expect_found(broken::unstored, 2);
}

TEST_F(verify_ledger, sees_a_delivery_without_text_of_a_message_that_has_one) {
  deliver(2, new_message(2, "k2", "m2", "null"));
  expect_found(broken::unstored);
}

TEST_F(verify_ledger, allows_a_delivery_of_what_was_edited_later) {
  book_.edit_attempted("k1", 1);
  book_.acknowledged(room, {"message_edited", "m1", 3, "k1", 1}, somebody, 2);
  log_[0].frame = boost::json::parse(new_message(1, "k1", "m1", "\"k1 v1\"")).as_object();
  store(3, change("message_edited", 3, "m1", "\"k1 v1\""));
  book_.judge(room, log_);
  EXPECT_EQ(found_.total(), 0U);
}

TEST_F(verify_ledger, sees_an_acknowledged_edit_that_left_the_text_as_it_was) {
  book_.edit_attempted("k1", 1);
  book_.acknowledged(room, {"message_edited", "m1", 3, "k1", 1}, somebody, 2);
  store(3, change("message_edited", 3, "m1", "\"k1 v0\""));
  expect_found(broken::lost);
}

TEST_F(verify_ledger, sees_an_acknowledged_deletion_that_is_not_stored) {
  book_.acknowledged(room, {"message_deleted", "m1", 3, {}, 0}, somebody, 2);
  expect_found(broken::lost);
}

TEST_F(verify_ledger, sees_a_deleted_message_with_its_text) {
  store(3, change("message_deleted", 3, "m1"));
  expect_found(broken::lost);
}

TEST_F(verify_ledger, sees_two_nodes_that_tell_different_logs) {
  auto other = log_;
  other.pop_back();
  book_.compare(room, 1, log_, log_);
  EXPECT_EQ(found_.total(), 0U);
  book_.compare(room, 1, log_, other);
  EXPECT_EQ(found_.count(broken::differs), 1U);
}

}  // namespace
}  // namespace parley::bench::ledger_test
