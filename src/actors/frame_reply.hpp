// The one answer to a client's frame, as a small value that any thread may complete.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/actor_services.hpp"

namespace parley {

/// Refers to the node's delivery and encoder, which outlive every actor.
struct frame_reply {
  const actor_services* services = nullptr;
  connection_ref connection;
  std::optional<std::string> frame_id;
  bool wanted = false;       ///< The frame waits for an answer.
  bool took_credit = false;  ///< The connection counts it as unanswered until one of these is called.
  bool is_durable = false;   ///< It asked for a durable event.

  void ack(const ack_data& data) const {
    if (!wanted) return done();
    std::string bytes;
    services->encoder.append_ack(bytes, frame_id, data);
    send(std::move(bytes));
  }
  /// It was dealt with and nothing is to be said, or somebody else says it where an answer is wanted.
  void done() const {
    if (!wanted && took_credit)
      services->out.send(connection,
                         {.frames = nullptr, .frame_count = 0, .answers = 1, .answers_durable = is_durable});
  }
  /// An error is told even when no answer was asked for; its id is null then.
  void fail(const error& why) const {
    std::string bytes;
    services->encoder.append_error(bytes, frame_id, why);
    send(std::move(bytes), true);
  }

 private:
  void send(std::string bytes, bool is_error = false) const {
    services->out.send(connection, {.frames = std::make_shared<const std::string>(std::move(bytes)),
                                    .answers = took_credit ? 1U : 0U,
                                    .is_error = is_error,
                                    .answers_durable = is_durable});
  }
};

}  // namespace parley
