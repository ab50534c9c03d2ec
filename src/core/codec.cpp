// What a stored event's sender is told.
#include "parley/codec.hpp"

namespace parley {

ack_data ack_of(const durable_event& event, bool duplicate) {
  struct visitor {
    const durable_event& event;
    bool duplicate;

    ack_data operator()(const message_posted& m) const {
      return message_ack{event.room, m.message, event.seq, m.created_at, m.client_msg_id, duplicate};
    }
    ack_data operator()(const message_edited& m) const {
      return edit_ack{event.room, m.message, event.seq, m.edited_at};
    }
    ack_data operator()(const message_deleted& m) const {
      return delete_ack{event.room, m.message, event.seq, m.deleted_at};
    }
    ack_data operator()(const reaction_changed& r) const { return reaction_ack{event.room, r.reaction, event.seq}; }
    ack_data operator()(const member_joined&) const { return empty_ack{}; }
    ack_data operator()(const member_left&) const { return empty_ack{}; }
    ack_data operator()(const room_renamed&) const { return empty_ack{}; }
    ack_data operator()(const member_muted&) const { return empty_ack{}; }
    ack_data operator()(const slow_mode_changed&) const { return empty_ack{}; }
  };
  return std::visit(visitor{event, duplicate}, event.body);
}

}  // namespace parley
