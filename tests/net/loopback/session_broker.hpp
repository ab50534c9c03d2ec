// A broker without actors: knows every token, and lets the test see and answer what connections submit.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "parley/client_ports.hpp"

namespace parley::test {

/// Thread-safe. A connection of the fake, from open_session on; stays when its client_session is destroyed.
struct fake_session {
  session_request request;
  std::vector<client_frame> frames;
  std::vector<std::pair<room_id, sequence>> failed_rooms;
  bool ended = false;
};

class session_broker final : public broker {
 public:
  /// Called on the I/O thread for each frame, outside the lock; may answer through delivery.
  std::function<void(fake_session&, const client_frame&)> on_frame;
  /// Set by the node: by it each session says that it is ready.
  delivery* out = nullptr;

  void submit(any_call what) override;
  std::unique_ptr<client_session> open_session(session_request request) override;

  /// Waits until the condition holds, looked at after every change; gives up after 20 s.
  bool wait(const std::function<bool(const std::vector<std::shared_ptr<fake_session>>&)>& condition);
  /// The i-th session ever opened; waits for it.
  std::shared_ptr<fake_session> session(std::size_t index);
  std::size_t frame_count(const fake_session& of);

 private:
  friend class fake_client_session;
  void change(const std::function<void()>& what);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<fake_session>> sessions_;
};

}  // namespace parley::test
