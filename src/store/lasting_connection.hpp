// A connection to PostgreSQL that is made when it is wanted, and anew when it was lost.
#pragma once

#include <memory>
#include <utility>

#include "parley/metrics.hpp"
#include "store/connect_pause.hpp"
#include "store/postgres_connection.hpp"
#include "store/postgres_error.hpp"

namespace parley {

/// For who reads: nothing of a lost connection is in doubt. Belongs to one thread; `counts` outlives it.
class lasting_connection {
 public:
  lasting_connection(postgres_options options, metrics& counts) : options_(std::move(options)), counts_(counts) {}

  /// Throws at once while the last failure to connect is recent: questions would only wait in line.
  postgres_connection& get() {
    if (connection_ && connection_->is_usable()) return *connection_;
    connection_.reset();
    if (!pause_.is_over()) throw postgres_error("", "there is no connection");
    try {
      connection_ = std::make_unique<postgres_connection>(options_);
    } catch (const postgres_error&) {
      pause_.begin();
      throw;
    }
    pause_.reset();
    if (std::exchange(was_connected_, true)) counts_.store_reconnects_total.add();
    return *connection_;
  }
  [[nodiscard]] bool is_open() const { return connection_ != nullptr; }
  void drop() { connection_.reset(); }
  /// Drops one that is lost, or in the middle of a transaction that failed.
  void drop_if_broken() {
    if (connection_ && (!connection_->is_usable() || connection_->in_transaction())) connection_.reset();
  }

 private:
  const postgres_options options_;
  metrics& counts_;
  std::unique_ptr<postgres_connection> connection_;
  bool was_connected_ = false;
  connect_pause pause_;
};

}  // namespace parley
