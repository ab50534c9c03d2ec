// Times between Unix' epoch and PostgreSQL's.
#include "store/postgres_values.hpp"

namespace parley {
namespace {

constexpr std::chrono::sys_time<std::chrono::milliseconds> postgres_epoch =
    std::chrono::sys_days{std::chrono::January / 1 / 2000};

}  // namespace

std::int64_t to_postgres_time(timestamp value) {
  return std::chrono::duration_cast<std::chrono::microseconds>(value - postgres_epoch).count();
}

timestamp from_postgres_time(std::int64_t microseconds) {
  return postgres_epoch + std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds(microseconds));
}

}  // namespace parley
