// What a run has shown, whatever it did: for people, for programs, and as a page.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "report/course.hpp"
#include "report/latency_histogram.hpp"
#include "report/options.hpp"
#include "report/seq_watch.hpp"

namespace parley::bench {

/// What must not happen; each run counts it.
struct load_troubles {
  seq_counts seqs;               ///< Over all connections.
  std::uint64_t missing = 0;     ///< Deliveries that were still due when waiting for them ended.
  std::uint64_t unanswered = 0;  ///< Operations without an answer.
  std::uint64_t refused = 0;
  std::string first_refusal;  ///< The answer.
  std::string broken;         ///< How a connection ended; empty: none did.

  load_troubles& operator+=(const load_troubles& other);
  /// Nothing is lost, repeated or out of order; what was refused was said.
  [[nodiscard]] bool is_complete() const {
    return broken.empty() && missing == 0 && unanswered == 0 && seqs.lost + seqs.repeated + seqs.reordered == 0;
  }
};

struct named_latency {
  std::string key;   ///< In JSON.
  std::string name;  ///< For people.
  latency_histogram times;
};

struct named_figure {
  std::string key;
  std::string name;
  double value = 0;
  std::string unit;
};

/// What was tried at one rate while the highest was looked for.
struct load_trial {
  double rate = 0;
  double measured_ms = 0;  ///< What the level is about.
  std::string objection;   ///< Empty: it was held.
};

/// A number, a text, or nothing where nothing was measured.
using report_cell = std::variant<std::monostate, double, std::string>;

struct report_column {
  std::string key;   ///< In JSON; each row is an object.
  std::string name;  ///< For people.
};

/// What has a row for each of several things.
struct report_table {
  std::string key;
  std::string name;
  std::vector<report_column> columns;
  std::vector<std::vector<report_cell>> rows;  ///< Each with as many cells.
};

struct report_verdict {
  std::string text;
  bool is_good = true;
};

struct load_report {
  std::string scenario;                                 ///< The command.
  std::string title;                                    ///< What was done, in a line.
  std::string server;                                   ///< To what, in words.
  std::vector<std::pair<std::string, double>> options;  ///< In numbers, for programs.
  load_troubles troubles;
  std::optional<report_verdict> verdict;  ///< In place of the troubles, where it is by something else that one judges.
  std::vector<named_latency> latencies;
  std::vector<named_figure> figures;
  std::vector<report_table> tables;
  service_level level;
  std::vector<load_trial> trials;  ///< In order; empty without --find-max.
  double highest_rate = 0;         ///< Held; 0 without --find-max.
  std::string rated = "messages";  ///< Of which these rates are.
  std::vector<load_part> course;
};

std::string to_text(const load_report& report);
/// One object; of several reports a list of them, as `runs`.
std::string to_json(const load_report& report);
std::string to_json(const std::vector<load_report>& reports);
/// One file without any other: the plots are SVG in it. Several reports stand below each other.
std::string to_html(const load_report& report);
std::string to_html(const std::vector<load_report>& reports);
/// "lost 0, repeated 0, …": all of them.
std::string to_text(const load_troubles& troubles);
/// For people: whole numbers and those from 100 on have no digits behind the point, others two; "-" for nothing.
std::string to_text(const report_cell& cell);

/// Prints it, as JSON or text, and writes the page where one is asked for. Throws std::runtime_error when it cannot.
void tell(const load_report& report, const report_options& where);
/// Only the page, into that file unless its name is empty.
void write_page(const std::vector<load_report>& reports, const std::string& file);

}  // namespace parley::bench
