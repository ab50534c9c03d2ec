// A broker for tests of the HTTP side: canned replies, given on another thread, and a note of what was asked.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "parley/client_ports.hpp"

namespace parley {

inline const auto ada_id = *user_id::parse("01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a01");
inline const auto bob_id = *user_id::parse("01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a02");
inline const auto room_one = *room_id::parse("01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01");
inline const auto message_one = *message_id::parse("01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01");
inline const auto file_one = *file_id::parse("01939b74-1c2d-7e3f-8a4b-5c6d7e8f9a01");

/// Knows the token "good" of Ada, who is in room_one. Everything else is as each test sets it.
class fake_broker final : public broker {
 public:
  void submit(any_call what) override;
  std::unique_ptr<client_session> open_session(session_request request) override;

  /// The last request of that kind; waits for none.
  template <class Request>
  std::optional<Request> last() {
    const std::lock_guard lock(mutex_);
    std::optional<Request> found;
    for (auto& what : asked_) {
      if (auto* asked = std::get_if<call<Request>>(&what)) found = asked->request;
    }
    return found;
  }
  template <class Request>
  std::ptrdiff_t count() {
    const std::lock_guard lock(mutex_);
    return std::count_if(asked_.begin(), asked_.end(),
                         [](const any_call& what) { return std::holds_alternative<call<Request>>(what); });
  }
  std::size_t session_count();
  session_request session(std::size_t index);

  void hold(bool hold) { hold_ = hold; }
  std::size_t held_count();
  void release();
  /// As when an actor dies: the answers go unanswered.
  void forget();

  /// Given to whatever is asked after `authenticate`, when set.
  std::optional<error> failure;
  bool duplicate = false;
  bool created = true;
  std::optional<std::string> next_cursor;
  cluster_rooms rooms_in_use;
  message_life traced;
  std::string file_bytes;      ///< Of the one file there is: what was uploaded, and what is downloaded.
  std::size_t lost_bytes = 0;  ///< Of its end.

  [[nodiscard]] static own_profile ada() {
    return {{ada_id, "ada", "Ada", {}, role::user}, "ada@example.org", {}, account_flag::active, timestamp{}};
  }

 private:
  void answer_now(any_call what);

  std::mutex mutex_;
  std::vector<any_call> asked_, held_;
  std::vector<session_request> sessions_;
  std::atomic<bool> hold_{false};
};

}  // namespace parley
