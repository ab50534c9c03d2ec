// Reads the server's log through the server itself, which also knows where it is.
#include "postgres_plan_log.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace parley::test {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& node, std::string_view key) {
  const auto* found = node.if_contains(key);
  return found != nullptr ? std::string(found->as_string()) : std::string();
}

double number_of(const json::object& node, std::string_view key) {
  const auto* found = node.if_contains(key);
  return found != nullptr ? found->to_number<double>() : 0;
}

template <class Visit>
void for_each_child(const json::object& node, Visit&& visit) {
  const auto* children = node.if_contains("Plans");
  if (children == nullptr) return;
  for (const auto& child : children->as_array()) visit(child.as_object());
}

bool reads_whole_log(const json::object& node) {
  if (text_of(node, "Node Type") == "Limit") return false;
  const auto relation = text_of(node, "Relation Name");
  bool found = relation == "tb_messages" || relation == "tb_room_event";
  for_each_child(node, [&](const json::object& child) { found = found || reads_whole_log(child); });
  return found;
}

void add_steps(const json::object& node, std::vector<plan_step>& steps) {
  plan_step step;
  step.type = text_of(node, "Node Type");
  step.relation = text_of(node, "Relation Name");
  step.index = text_of(node, "Index Name");
  step.has_index_condition = node.contains("Index Cond");
  step.sorts_whole_log = step.type.ends_with("Sort") && reads_whole_log(node);
  if (step.type.ends_with("Scan") && !(step.relation.empty() && step.index.empty())) {
    step.visited = number_of(node, "Actual Loops") *
                   (1 + number_of(node, "Actual Rows") + number_of(node, "Rows Removed by Filter") +
                    number_of(node, "Rows Removed by Index Recheck"));
  }
  steps.push_back(std::move(step));
  for_each_child(node, [&](const json::object& child) { add_steps(child, steps); });
}

ran_plan parse_plan(std::string_view message) {
  const auto logged = json::parse(message.substr(message.find('{')));
  const auto& root = logged.at("Plan").as_object();
  ran_plan plan;
  plan.sql = logged.at("Query Text").as_string();
  plan.blocks = number_of(root, "Shared Hit Blocks") + number_of(root, "Shared Read Blocks");
  add_steps(root, plan.steps);
  return plan;
}

/// The log is written by a process of its own: until it has come to what is said now.
void wait_for_log(const std::string& url) {
  static int marks = 0;
  const auto mark = fmt::format("mark {} of the plans", ++marks);
  support::run_sql(url, fmt::format("DO $$ BEGIN RAISE LOG '{}.'; END $$", mark));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto is_there = fmt::format("SELECT strpos(pg_read_file(pg_current_logfile('jsonlog')), '{}.') > 0", mark);
  while (support::run_sql(url, is_there).at(0) != "t") {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the server's log does not go on");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

double ran_plan::visited() const {
  double sum = 0;
  for (const auto& step : steps) sum += step.visited;
  return sum;
}

std::vector<std::string> plan_log_options() {
  std::vector<std::string> options;
  for (const auto* setting :
       {"logging_collector=on", "log_destination=jsonlog", "log_filename=plans.log", "log_rotation_size=0",
        "log_rotation_age=0", "log_min_messages=log", "shared_preload_libraries=auto_explain",
        "auto_explain.log_format=json", "auto_explain.log_analyze=on", "auto_explain.log_timing=off",
        "auto_explain.log_buffers=on", "auto_explain.log_nested_statements=on"}) {
    options.insert(options.end(), {"-c", setting});
  }
  return options;
}

std::string recorded_url(const std::string& url) { return url + "?options=-c%20auto_explain.log_min_duration%3D0"; }

std::vector<ran_plan> plans_run_by(const support::postgres_server& server, const std::string& application_name) {
  const auto url = server.url_of("postgres");
  wait_for_log(url);
  const auto messages = support::run_sql(
      url,
      fmt::format("SELECT entry ->> 'message' FROM (SELECT line::json AS entry FROM"
                  " string_to_table(trim(E'\\n' FROM pg_read_file(pg_current_logfile('jsonlog'))), E'\\n') line) e"
                  " WHERE entry ->> 'application_name' LIKE '{} %' AND entry ->> 'message' LIKE 'duration:%plan:%'",
                  application_name));
  std::vector<ran_plan> plans;
  plans.reserve(messages.size());
  for (const auto& message : messages) plans.push_back(parse_plan(message));
  return plans;
}

std::string describe(const ran_plan& plan) {
  auto text = fmt::format("{}\n  {} rows visited, {} blocks", plan.sql, plan.visited(), plan.blocks);
  for (const auto& step : plan.steps) {
    text += fmt::format("\n  {} {} {}{}", step.type, step.relation, step.index,
                        step.visited > 0 ? fmt::format(": {} rows", step.visited) : "");
  }
  return text;
}

}  // namespace parley::test
