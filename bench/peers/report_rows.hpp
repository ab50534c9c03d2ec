// What a report says of each server, whatever it looks like.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "peers/report.hpp"

namespace parley::bench {

struct figure_column {
  std::string key;    ///< In JSON.
  std::string title;  ///< In a table.
  int decimals = 0;
  bool is_spread = false;  ///< With the least and the greatest.
  std::function<double(const peer_figures&)> of;
};

const std::vector<figure_column>& figure_columns();
/// CPU of the server and its database, for one delivery.
double total(const peer_figures& figures);

std::vector<const peer_row*> parleys_of(const work_table& table);
/// A dash where there is none.
std::string text_of(const figure_column& column, const peer_row& row);
/// Parley's CPU through that of the other: least, median and greatest.
std::string ratio_text(const peer_row& ours, const peer_row& row);
/// What the columns mean.
std::string explanation();

}  // namespace parley::bench
