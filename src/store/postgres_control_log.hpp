// The control log on PostgreSQL, read by a connection of its own: it must not wait behind anybody's search.
#pragma once

#include <string_view>
#include <type_traits>

#include "parley/control_log.hpp"
#include "parley/metrics.hpp"
#include "store/lasting_connection.hpp"

namespace parley {

/// Connects with the first call, and anew behind every failure. `counts` outlives it.
class postgres_control_log final : public control_log {
 public:
  postgres_control_log(const postgres_options& options, metrics& counts);

  result<control_positions> end() override;
  result<void> enter(const node_report& mine) override;
  result<control_news> read(const node_report& mine, const control_positions& after) override;
  result<void> leave(const uuid& node) override;
  result<bool> tidy() override;

 private:
  template <class Body>
  std::invoke_result_t<Body, postgres_connection&> with_connection(std::string_view what, Body&& body);
  /// `was_asked`: there was a connection to ask by.
  result<control_news> read_some(const node_report& mine, const control_positions& after, bool& was_asked);
  static void take_events(const postgres_rows& rows, const control_positions& ends, std::int64_t most,
                          control_news& news);

  lasting_connection connection_;
  std::int64_t bite_;  ///< Events of one partition in one reading.
};

}  // namespace parley
