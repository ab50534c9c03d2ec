// The tracer: a question to all nodes by signals, the same way back, and an end to waiting. Each node answers of its
// own memory; nothing of it is kept anywhere.
#include "actors/trace_actor.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "actors/guarded.hpp"
#include "actors/read_pool.hpp"
#include "actors/signal_exchange.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience{500};
/// Operators are few; each question costs every node an answer.
constexpr std::size_t most_questions = 16;
constexpr std::size_t most_answers = 256;

class tracer final : public tracer_handle::base {
 public:
  tracer(caf::actor_config& config, const actor_services& services)
      : tracer_handle::base(config), services_(services) {}

  behavior_type make_behavior() override {
    services_.signals->attend(operators_subject, caf::actor_cast<tracer_handle>(this));
    return {
        [this](trace_everywhere& message) { guarded("tracer", [&] { ask(std::move(message.ask)); }); },
        [this](trace_nodes_known& message) { guarded("tracer", [&] { note_nodes(std::move(message)); }); },
        [this](trace_due message) { guarded("tracer", [&] { finish(message.question); }); },
        [this](const signal_heard& message) {
          guarded("tracer", [&] {
            if (const auto* asked = std::get_if<trace_question>(&message.what.body)) reply_to(*asked);
            if (const auto* answered = std::get_if<trace_answer>(&message.what.body)) take(*answered);
          });
        },
    };
  }
  void on_exit() override { questions_.clear(); }

 private:
  struct question {
    call<trace_message> ask;
    message_life found;
    std::optional<std::vector<node_seen>> nodes;  ///< Who is to answer; null before it is known.
  };

  // --- Of this node ---

  void ask(call<trace_message> asked) {
    if (questions_.size() >= most_questions) return asked.reply(busy("Too many traces at once; try again.", 500));
    const auto id = services_.ids.next();
    auto& made = questions_[id];
    made.found = life_here(services_, asked.request.message);
    made.found.are_nodes_known = false;
    const auto message = asked.request.message;
    made.ask = std::move(asked);
    services_.signals->publish({operators_subject, trace_question{id, message}});
    using seen = std::vector<node_seen>;
    services_.reads->ask<seen>([](database_reader& store) { return store.nodes(); },
                               answer<seen>([me = caf::actor_cast<tracer_handle>(this), id](result<seen> nodes) {
                                 caf::anon_send(me, trace_nodes_known{id, std::move(nodes)});
                               }));
    delayed_send(this, patience, trace_due{id});
  }

  void note_nodes(trace_nodes_known message) {
    const auto found = questions_.find(message.question);
    if (found == questions_.end() || !message.nodes) return;
    found->second.nodes = std::move(*message.nodes);
    found->second.found.are_nodes_known = true;
    finish_if_all_answered(message.question);
  }

  void take(const trace_answer& answered) {
    const auto found = questions_.find(answered.question);
    if (found == questions_.end()) return;  // another node's, or too late
    auto& life = found->second.found;
    if (life.nodes.size() >= most_answers || has_answered(life, answered.node)) return;
    life.nodes.push_back({answered.node, {}, answered.known});
    finish_if_all_answered(answered.question);
  }

  static bool has_answered(const message_life& life, const uuid& node) {
    return std::any_of(life.nodes.begin(), life.nodes.end(), [&](const auto& each) { return each.node == node; });
  }

  void finish_if_all_answered(const uuid& id) {
    const auto& asked = questions_.at(id);
    if (!asked.nodes) return;
    const bool all = std::all_of(asked.nodes->begin(), asked.nodes->end(),
                                 [&](const node_seen& each) { return has_answered(asked.found, each.report.node); });
    if (all) finish(id);
  }

  void finish(const uuid& id) {
    auto ended = questions_.extract(id);
    if (ended.empty()) return;
    auto& [ask, life, nodes] = ended.mapped();
    for (const auto& node : nodes.value_or(std::vector<node_seen>())) {
      const auto place = std::find_if(life.nodes.begin(), life.nodes.end(),
                                      [&](const auto& each) { return each.node == node.report.node; });
      if (place != life.nodes.end()) {
        place->name = node.report.name;
      } else {
        life.silent.push_back(node.report.name);
      }
    }
    ask.reply(std::move(life));
  }

  // --- Of others ---

  void reply_to(const trace_question& asked) {
    services_.signals->publish({operators_subject, trace_answer{asked.question, services_.identity->get(),
                                                                services_.counts.last_messages.find(asked.message)}});
  }

  const actor_services& services_;
  std::unordered_map<uuid, question> questions_;
};

}  // namespace

tracer_handle spawn_tracer(caf::actor_system& system, const actor_services& services) {
  return system.spawn<tracer>(services);
}

message_life life_here(const actor_services& services, const message_id& message) {
  message_life life;
  const auto node = services.identity == nullptr ? uuid{} : services.identity->get();
  life.nodes.push_back({node, services.settings.node.name, services.counts.last_messages.find(message)});
  return life;
}

}  // namespace parley
