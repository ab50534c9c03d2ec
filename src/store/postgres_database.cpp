// Hands out connections and migrates.
#include "store/postgres_database.hpp"

#include <fmt/format.h>

#include <limits>

#include "store/postgres_reader.hpp"
#include "store/postgres_schema.hpp"
#include "store/postgres_search.hpp"
#include "store/postgres_writer.hpp"

namespace parley {
namespace {

class postgres_database final : public database {
 public:
  postgres_database(postgres_options options, const limits_config& limits, metrics& counts)
      : options_(std::move(options)), limits_(limits), counts_(counts) {}

  result<void> migrate(const std::function<bool()>& is_over) override {
    return with_connection<void>([&](postgres_connection& open) { return migrate_postgres(open, is_over); });
  }

  result<std::vector<std::string>> pending_migrations() override {
    return with_connection<std::vector<std::string>>(
        [](postgres_connection& open) { return pending_postgres_migrations(open); });
  }

  result<std::unique_ptr<database_writer>> open_writer() override {
    return guard_postgres("opening a writer", [&]() -> result<std::unique_ptr<database_writer>> {
      return make_postgres_writer(options_, limits_, counts_);
    });
  }

  result<std::unique_ptr<database_reader>> open_reader() override {
    return std::unique_ptr<database_reader>(std::make_unique<postgres_reader>(options_, counts_));
  }

  result<std::unique_ptr<search_index>> open_search_index() override { return make_postgres_search_index(options_); }

  [[nodiscard]] std::uint32_t max_writers() const override { return std::numeric_limits<std::uint32_t>::max(); }

 private:
  /// For whoever starts the node: with the server's own words, which name neither password nor contents.
  template <class T, class Body>
  result<T> with_connection(Body&& body) {
    try {
      postgres_connection connection(options_);
      return body(connection);
    } catch (const postgres_error& fault) {
      return unavailable(fmt::format("store.url: cannot use the PostgreSQL database: {}.", fault.what()));
    } catch (const std::exception& fault) {
      return make_error(error_code::internal, fmt::format("store.url: {}.", fault.what()));
    }
  }

  postgres_options options_;
  limits_config limits_;
  metrics& counts_;
};

}  // namespace

std::unique_ptr<database> open_postgres_database(const postgres_options& options, const limits_config& limits,
                                                 metrics& counts) {
  return std::make_unique<postgres_database>(options, limits, counts);
}

}  // namespace parley
