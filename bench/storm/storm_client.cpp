// The frames that count: ready, the resume's answer, the room's events, and the replay's end.
#include "storm/storm_client.hpp"

#include <algorithm>

#include "across/stamp.hpp"

namespace parley::bench {

storm_client::wish storm_client::on_frame(std::string_view frame) {
  if (is_of_type(frame, "new_message")) {
    // Until a resume is acknowledged the room is live from its end on; what comes then comes again.
    if (stage_ == stage::live || stage_ == stage::replaying) take(number_in(frame, "seq").value_or(0));
    return wish::nothing;
  }
  if (is_of_type(frame, "ready")) {
    return on_ready(frame);
  } else if (is_of_type(frame, "ack")) {
    if (stage_ == stage::resuming) stage_ = stage::replaying;
  } else if (is_of_type(frame, "error")) {
    if (stage_ == stage::resuming) return wish::resume_later;
  } else if (is_of_type(frame, "replay_end") && stage_ == stage::replaying) {
    const bool is_all = frame.find(R"("more":true)") == std::string_view::npos;
    stage_ = is_all ? stage::live : stage::resuming;
    return is_all ? wish::nothing : wish::resume;
  }
  return wish::nothing;
}

storm_client::wish storm_client::on_ready(std::string_view frame) {
  if (!is_known_) {
    is_known_ = true;
    position_ = last_ = number_in(frame, "last_seq").value_or(0);
    stage_ = stage::live;
    return wish::nothing;
  }
  if (way_ == way_back::resume) {
    position_ = last_;
    stage_ = stage::resuming;
    return wish::resume;
  }
  position_ = number_in(frame, "last_read_seq").value_or(0);
  if (position_ > last_) left_out_ += position_ - last_;  // nobody here says that he has read what he has not
  stage_ = stage::replaying;
  return wish::nothing;
}

void storm_client::take(std::uint64_t seq) {
  if (seq <= position_) {
    ++doubled_;
    return;
  }
  left_out_ += seq - position_ - 1;
  position_ = seq;
  last_ = std::max(last_, seq);
  if (stage_ == stage::replaying) ++replayed_;
}

}  // namespace parley::bench
