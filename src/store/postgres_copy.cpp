// COPY … FROM STDIN, as libpq speaks it outside a pipeline.
#include "store/postgres_copy.hpp"

#include <string_view>

#include "store/postgres_connection.hpp"

namespace parley {
namespace {

/// The signature, no flags, no extension.
constexpr std::string_view header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr std::string_view trailer("\377\377", 2);

}  // namespace

postgres_copy::postgres_copy(const char* sql) : sql_(sql), bytes_(header) {}

void postgres_copy::run(postgres_connection& connection) const { connection.copy(sql_, {bytes_, trailer}); }

}  // namespace parley
