// Pages of people who fit a search. A part of a display name has no index: a query that fits few walks through the
// users, in steps; a page may therefore hold fewer than asked for and still have a next.
#pragma once

#include <string>
#include <utility>

#include "store/row_values.hpp"
#include "store/search_text.hpp"

namespace parley {

/// SQLite: each user that is looked at is a row, at most one more than most_examined_users, in order of username
/// (column 1). `fits_at`: the column that tells whether it fits.
template <class Item, class Row, class Read>
page<Item> read_fitting_users(Row& row, std::uint32_t limit, int fits_at, Read read) {
  page<Item> found;
  std::string last_examined;
  for (std::int64_t examined = 0; row.step(); ++examined) {
    const bool fits = row.integer(fits_at) != 0;
    if (examined == most_examined_users || (fits && found.items.size() == limit)) {
      found.next_cursor = std::move(last_examined);
      break;
    }
    last_examined = row.text(1);
    if (fits) found.items.push_back(read(row));
  }
  return found;
}

/// PostgreSQL: only those that fit are rows, and the last one of a full step. `fits_at`: the column that tells whether
/// it fits; behind it stands whether it is that last one.
template <class Item, class Rows, class Read>
page<Item> read_fitting_users(const Rows& rows, const page_request& range, int fits_at, Read read) {
  page<Item> found;
  std::optional<std::string> last = range.cursor;
  for (const auto& row : rows) {
    const bool fits = row.integer(fits_at) != 0;
    if (fits && found.items.size() == range.limit) {
      found.next_cursor = last;
      break;
    }
    if (fits) {
      found.items.push_back(read(row));
      last = std::string(row.text(1));
    }
    // What comes behind the last of a full step was not looked at.
    if (row.integer(fits_at + 1) != 0) found.next_cursor = std::string(row.text(1));
  }
  return found;
}

}  // namespace parley
