// What parleyctl prints for people: tables and single records out of the API's JSON.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

struct table_column {
  std::string_view title;
  std::string_view field;  ///< "actor.username" goes inside.
};

/// Columns as wide as they must be. Control characters of anybody's text never reach the terminal.
std::string table_text(const boost::json::array& items, const std::vector<table_column>& columns);
/// One line a field.
std::string record_text(const boost::json::object& record);
/// For terminals: what could move the cursor or change colours is shown as \xNN.
std::string printable(std::string_view text);

}  // namespace parley
