// See session_broker.hpp.
#include "net/loopback/session_broker.hpp"

#include <chrono>

namespace parley::test {

class fake_client_session final : public client_session {
 public:
  fake_client_session(session_broker& owner, std::shared_ptr<fake_session> of)
      : owner_(owner), session_(std::move(of)) {}
  ~fake_client_session() override {
    owner_.change([this] { session_->ended = true; });
  }
  void submit(client_frame frame) override {
    owner_.change([&] { session_->frames.push_back(frame); });
    if (owner_.on_frame) owner_.on_frame(*session_, frame);
  }
  void room_failed(room_id room, sequence position) override {
    owner_.change([&] { session_->failed_rooms.emplace_back(room, position); });
  }

 private:
  session_broker& owner_;
  std::shared_ptr<fake_session> session_;
};

void session_broker::submit(any_call what) {
  std::visit(
      [](auto& asked) {
        using request = std::decay_t<decltype(asked.request)>;
        if constexpr (std::is_same_v<request, authenticate>) {
          principal who;
          who.user.username = "somebody";
          asked.reply(who);
        } else if constexpr (std::is_same_v<request, get_room>) {
          asked.reply(room_summary{asked.request.room, "room", true, {}, 0, 0, 0});
        } else {
          asked.reply(unavailable("The fake broker does not know this."));
        }
      },
      what);
}

std::unique_ptr<client_session> session_broker::open_session(session_request request) {
  auto made = std::make_shared<fake_session>();
  made->request = std::move(request);
  change([&] { sessions_.push_back(made); });
  if (out != nullptr) out->send(made->request.connection, {nullptr, 0, 1}, {});
  return std::make_unique<fake_client_session>(*this, made);
}

void session_broker::change(const std::function<void()>& what) {
  const std::lock_guard lock(mutex_);
  what();
  changed_.notify_all();
}

bool session_broker::wait(const std::function<bool(const std::vector<std::shared_ptr<fake_session>>&)>& condition) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return condition(sessions_); });
}

std::shared_ptr<fake_session> session_broker::session(std::size_t index) {
  const bool there = wait([index](const auto& all) { return all.size() > index; });
  const std::lock_guard lock(mutex_);
  return there ? sessions_[index] : nullptr;
}

std::size_t session_broker::frame_count(const fake_session& of) {
  const std::lock_guard lock(mutex_);
  return of.frames.size();
}

}  // namespace parley::test
