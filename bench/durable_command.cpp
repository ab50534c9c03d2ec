// The options of the durable sends.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <vector>

#include "command_line.hpp"
#include "durable_series.hpp"

namespace parley::bench {

void add_durable(command_line& line) {
  const auto options = std::make_shared<durable_series_options>();
  const auto lone = std::make_shared<bool>(false);
  const auto compare = std::make_shared<bool>(false);
  auto* command = line.add("durable", "Keyed sends, acknowledged when they are stored, beside the bare database",
                           [options, lone, compare, &line] {
                             options->parleyd = line.parleyd();
                             std::vector<load_report> reports;
                             if (*compare) {
                               reports = measure_all(*options);
                             } else {
                               reports.push_back(*lone ? measure_lone(*options) : measure_durable(*options));
                             }
                             if (options->report.json) std::fputs(to_json(reports).c_str(), stdout);
                             write_page(reports, options->report.page);
                             return std::all_of(reports.begin(), reports.end(), [](const load_report& report) {
                               return report.troubles.is_complete();
                             });
                           });
  command->add_option("--store", options->store, "postgres (a server of its own, started here) or sqlite")
      ->transform(CLI::CheckedTransformer(std::map<std::string, durable_store>{{"postgres", durable_store::postgres},
                                                                               {"sqlite", durable_store::sqlite}}));
  add_shown(command, "--senders", options->load.senders, "Senders, each a member of one room")
      ->check(CLI::PositiveNumber);
  add_shown(command, "--rooms", options->load.rooms, "Rooms")->check(CLI::PositiveNumber);
  add_shown(command, "--outstanding", options->load.outstanding,
            "Unacknowledged messages of each sender, 1 to 64. One is a person who waits for the ack; the batches"
            " fill from many senders, and more of each only lengthens the queue in which a message waits")
      ->check(CLI::Range(1, 64));
  add_shown(command, "--seconds", options->load.seconds, "Measured time of each");
  add_shown(command, "--batches", options->batches, "Rows in the batches beside it")->check(CLI::PositiveNumber);
  add_shown(command, "--runs", options->runs, "Repetitions, all in turn")->check(CLI::PositiveNumber);
  command->add_flag("--pin", options->pin,
                    "The node, or the thread in its place, and the database on the first core and this tool on the "
                    "second");
  command_line::add_settings(command, options->settings);
  command_line::add_report(command, options->report);
  command->add_flag("--alone", options->alone, "Without pgbench and batches beside it");
  command->add_flag("--lone", *lone, "One sender alone in its room, beside bare commits");
  command->add_flag("--compare", *compare,
                    "Everything: both stores, 1,000 senders in 100 rooms, 100 in one, a lone one");
}

}  // namespace parley::bench
