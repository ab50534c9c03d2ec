// The commands of parleyctl that look at nodes: what runs, who is connected, and what became of a message.
#pragma once

#include "parleyctl_session.hpp"

namespace parley::ctl {

/// Of the node that is asked.
void show_connections(const command_line& args, session& node);
void show_rooms(const command_line& args, session& node);
/// Of all nodes; stderr names those that did not answer.
void show_cluster(const command_line& args, session& node);
void explain_presence(const command_line& args, session& node);
void show_active_rooms(const command_line& args, session& node);
/// For people: how long each stage took; for programs as the node says it.
void show_trace(const command_line& args, session& node);

}  // namespace parley::ctl
