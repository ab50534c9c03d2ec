// Reports and decisions on their way through the writer.
#pragma once

#include "actors/actor_services.hpp"
#include "parley/client_ports.hpp"

namespace parley {

void file_report(const actor_services& services, call<report_message> ask);
/// Answers the report as it is read behind the decision.
void decide(const actor_services& services, call<decide_report> ask);

}  // namespace parley
