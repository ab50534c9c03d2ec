// The actors behind the operators' view of a cluster, and what is sent to them: rooms in use and traces of messages, on
// all nodes.
#pragma once

#include <caf/all.hpp>
#include <cstdint>
#include <vector>

#include "actors/signal_messages.hpp"
#include "parley/answer.hpp"
#include "parley/client_ports.hpp"
#include "parley/room_roster.hpp"

namespace parley {

struct roster_tick;
struct rooms_counted;
struct read_roster;
/// One a node with a bus; has a thread, since it waits for the bus.
using roster_handle =
    caf::typed_actor<caf::reacts_to<roster_tick>, caf::reacts_to<rooms_counted>, caf::reacts_to<read_roster>>;

struct trace_everywhere;
struct explain_everywhere;
struct sockets_found;
struct trace_nodes_known;
struct trace_due;
/// One a node with a bus. Attends to operators_subject.
using tracer_handle = caf::typed_actor<caf::reacts_to<trace_everywhere>, caf::reacts_to<explain_everywhere>,
                                       caf::reacts_to<sockets_found>, caf::reacts_to<trace_nodes_known>,
                                       caf::reacts_to<trace_due>, caf::reacts_to<signal_heard>>;

/// Sent by the roster and by the broker, for the operator, to the directory.
struct count_rooms {
  answer<std::vector<roster_entry>> reply;
};

/// Sent by the roster to itself: it is time to write.
struct roster_tick {};
/// Sent by the directory's answer to the roster.
struct rooms_counted {
  std::vector<roster_entry> rooms;
};
/// Sent by the broker for the operator.
struct read_roster {
  answer<std::vector<node_rooms>> reply;
};

/// Sent by the broker for the operator: ask all nodes.
struct trace_everywhere {
  call<trace_message> ask;
};
/// Likewise.
struct explain_everywhere {
  call<explain_presence> ask;
};
/// Sent by the directory's answer to the tracer: this node's own part.
struct sockets_found {
  uuid question;
  std::vector<open_sockets> log_ins;
};
/// Sent by a reading actor to the tracer: who is to answer that question.
struct trace_nodes_known {
  uuid question;
  result<std::vector<node_seen>> nodes;
};
/// Sent by the tracer to itself: nobody is waited for any longer.
struct trace_due {
  uuid question;
};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(count_rooms)
PARLEY_UNSAFE(roster_tick)
PARLEY_UNSAFE(rooms_counted)
PARLEY_UNSAFE(read_roster)
PARLEY_UNSAFE(trace_everywhere)
PARLEY_UNSAFE(explain_everywhere)
PARLEY_UNSAFE(sockets_found)
PARLEY_UNSAFE(trace_nodes_known)
PARLEY_UNSAFE(trace_due)
#undef PARLEY_UNSAFE
