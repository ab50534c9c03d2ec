// The tracer: a question to all nodes by signals, the same way back, and an end to waiting. Each node answers of its
// own memory, of a message or of somebody's sockets; nothing of it is kept anywhere.
#include "actors/trace_actor.hpp"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>
#include <variant>

#include "actors/guarded.hpp"
#include "actors/presence_explanation.hpp"
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
    services_.signals->attend(operators_subject, me());
    return {
        [this](trace_everywhere& message) { guarded("tracer", [&] { ask(message.ask); }); },
        [this](explain_everywhere& message) { guarded("tracer", [&] { ask(message.ask); }); },
        [this](sockets_found& message) {
          guarded("tracer", [&] { take_own(message.question, std::move(message.log_ins)); });
        },
        [this](trace_nodes_known& message) { guarded("tracer", [&] { note_nodes(std::move(message)); }); },
        [this](trace_due message) { guarded("tracer", [&] { finish(message.question); }); },
        [this](signal_heard& message) {
          guarded("tracer", [&] { std::visit([this](auto& body) { hear(body); }, message.what.body); });
        },
    };
  }
  void on_exit() override { questions_.clear(); }

 private:
  using known_message = std::optional<traced_message>;
  using log_ins = std::vector<open_sockets>;
  struct answered {
    uuid node;
    std::variant<known_message, log_ins> what;
    std::string name{};  ///< Once it is known which nodes there are.
  };
  struct question {
    std::vector<answered> answers;  ///< This node's own among them, with its name.
    bool has_own = false;
    std::optional<std::vector<node_seen>> nodes;  ///< Who is to answer; null before it is known.
    std::vector<std::string> silent{};            ///< At the end.
    std::function<void(question&)> finished;
  };

  [[nodiscard]] tracer_handle me() { return caf::actor_cast<tracer_handle>(this); }

  // --- Of this node ---

  void ask(const call<trace_message>& asked) {
    const auto id = begin(asked.reply, [asked](question& all) {
      message_life life;
      life.are_nodes_known = all.nodes.has_value();
      life.silent = std::move(all.silent);
      for (auto& each : all.answers) {
        if (auto* known = std::get_if<known_message>(&each.what)) life.nodes.push_back({each.node, each.name, *known});
      }
      asked.reply(std::move(life));
    });
    if (!id) return;
    services_.signals->publish({operators_subject, trace_question{*id, asked.request.message}});
    take_own(*id, services_.counts.last_messages.find(asked.request.message));
  }

  void ask(const call<explain_presence>& asked) {
    const auto id = begin(asked.reply, [this, asked](question& all) {
      // An answer that lacks a part must not look whole.
      if (!all.nodes) return asked.reply(unavailable("The store does not say which nodes there are; try again."));
      told_sockets told{{}, std::move(all.silent)};
      for (auto& each : all.answers) {
        if (auto* sockets = std::get_if<log_ins>(&each.what)) {
          told.nodes.push_back({std::move(each.name), std::move(*sockets)});
        }
      }
      explain(services_, std::move(told), asked);
    });
    if (!id) return;
    services_.signals->publish({operators_subject, sockets_question{*id, asked.request.user}});
    with_sockets_of(asked.request.user,
                    [tracer = me(), id = *id](log_ins found) {  // the actor lives until it has heard of it
                      caf::anon_send(tracer, sockets_found{id, std::move(found)});
                    });
  }

  /// Null, and answered, when there are too many. At last `finished` is called, at most `patience` later.
  template <class Reply>
  std::optional<uuid> begin(const Reply& reply, std::function<void(question&)> finished) {
    if (questions_.size() >= most_questions) {
      reply(busy("Too many such questions at once; try again.", 500));
      return std::nullopt;
    }
    const auto id = services_.ids.next();
    questions_[id].finished = std::move(finished);
    using seen = std::vector<node_seen>;
    services_.reads->ask<seen>([](database_reader& store) { return store.nodes(); },
                               answer<seen>([tracer = me(), id](result<seen> nodes) {
                                 caf::anon_send(tracer, trace_nodes_known{id, std::move(nodes)});
                               }));
    delayed_send(this, patience, trace_due{id});
    return id;
  }

  void with_sockets_of(const user_id& user, std::function<void(log_ins)> use) {
    caf::anon_send(services_.directory, find_sockets{user, answer<log_ins>([use](result<log_ins> found) {
                                                       if (found) use(std::move(*found));
                                                     })});
  }

  void note_nodes(trace_nodes_known message) {
    const auto found = questions_.find(message.question);
    if (found == questions_.end() || !message.nodes) return;
    found->second.nodes = std::move(*message.nodes);
    finish_if_all_answered(message.question);
  }

  template <class What>
  void take(const uuid& id, const uuid& node, What what) {
    const auto found = questions_.find(id);
    if (found == questions_.end()) return;  // another node's, or too late
    auto& answers = found->second.answers;
    if (answers.size() >= most_answers || has_answered(found->second, node)) return;
    answers.push_back({node, std::move(what)});
    finish_if_all_answered(id);
  }

  /// Under the name that this node has now: it may enter anew meanwhile, under another identity.
  template <class What>
  void take_own(const uuid& id, What what) {
    const auto found = questions_.find(id);
    if (found == questions_.end() || std::exchange(found->second.has_own, true)) return;
    found->second.answers.push_back({services_.identity->get(), std::move(what), services_.settings.node.name});
    finish_if_all_answered(id);
  }

  static bool has_answered(const question& asked, const uuid& node) {
    return std::any_of(asked.answers.begin(), asked.answers.end(), [&](const auto& each) { return each.node == node; });
  }

  void finish_if_all_answered(const uuid& id) {
    const auto& asked = questions_.at(id);
    if (!asked.nodes || !asked.has_own) return;
    const bool all = std::all_of(asked.nodes->begin(), asked.nodes->end(),
                                 [&](const node_seen& each) { return has_answered(asked, each.report.node); });
    if (all) finish(id);
  }

  void finish(const uuid& id) {
    auto ended = questions_.extract(id);
    if (ended.empty()) return;
    auto& asked = ended.mapped();
    // Channels belong to no database of Redis: nodes of another cluster on it hear the question, too.
    if (asked.nodes) {
      std::erase_if(asked.answers, [&](const auto& each) {
        return each.name.empty() && std::none_of(asked.nodes->begin(), asked.nodes->end(),
                                                 [&](const node_seen& node) { return node.report.node == each.node; });
      });
    }
    for (const auto& node : asked.nodes.value_or(std::vector<node_seen>())) {
      const auto place = std::find_if(asked.answers.begin(), asked.answers.end(),
                                      [&](const auto& each) { return each.node == node.report.node; });
      if (place != asked.answers.end()) {
        place->name = node.report.name;
      } else {
        asked.silent.push_back(node.report.name);
      }
    }
    asked.finished(asked);
  }

  // --- Of others ---

  void hear(const trace_question& asked) {
    services_.signals->publish({operators_subject, trace_answer{asked.question, services_.identity->get(),
                                                                services_.counts.last_messages.find(asked.message)}});
  }
  void hear(const sockets_question& asked) {
    with_sockets_of(asked.user, [&services = services_, question = asked.question](log_ins found) {
      services.signals->publish(
          {operators_subject, sockets_answer{question, services.identity->get(), std::move(found)}});
    });
  }
  void hear(const trace_answer& told) { take(told.question, told.node, told.known); }
  void hear(sockets_answer& told) { take(told.question, told.node, std::move(told.log_ins)); }
  void hear(const typing_signal&) {}
  void hear(const read_signal&) {}

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
