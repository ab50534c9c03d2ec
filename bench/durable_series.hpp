// `parley-bench durable`: durable sends and what stands beside them, in turns in one run, and the ratios.
#pragma once

#include <string>
#include <vector>

#include "durable.hpp"
#include "report/report.hpp"

namespace parley::bench {

enum class durable_store { postgres, sqlite };

struct durable_series_options {
  std::string parleyd;  ///< The program.
  durable_store store = durable_store::postgres;
  durable_options load;
  std::vector<std::size_t> batches{200, 1000};  ///< Rows in a batch of the ceilings.
  int runs = 3;
  bool alone = false;                 ///< Only parleyd.
  bool pin = false;                   ///< What is measured and its database on the first core, the tool on the second.
  std::vector<std::string> settings;  ///< KEY=VALUE for parleyd.
  report_options report;
};

/// Acknowledged a second, beside the database with a row a transaction and with batches; prints each and the ratios,
/// but for JSON.
load_report measure_durable(const durable_series_options& options);
/// One sender alone in its room, beside a bare commit; `load` gives the seconds only.
load_report measure_lone(const durable_series_options& options);
/// Both of them, for both stores and both shapes: 1,000 senders in 100 rooms, 100 in one.
std::vector<load_report> measure_all(durable_series_options options);

}  // namespace parley::bench
