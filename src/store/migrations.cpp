// Reads a migration's number from its file's name.
#include "store/migrations.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace parley {
namespace {

std::optional<migration> migration_of(const embedded_file& file) {
  migration found;
  found.name = file.path.substr(file.path.rfind('/') + 1);
  found.sql = file.bytes;
  const auto* end = found.name.data() + found.name.size();
  const auto [rest, fault] = std::from_chars(found.name.data(), end, found.version);
  if (fault != std::errc{} || rest == end || *rest != '_' || found.version < 1) return std::nullopt;
  return found;
}

}  // namespace

result<std::vector<migration>> pending_migrations(std::span<const embedded_file> files, std::int64_t stored) {
  const auto known = static_cast<std::int64_t>(files.size());
  if (stored > known) {
    return make_error(error_code::conflict,
                      fmt::format("store.url: the store's schema has version {}, this build knows up to {}; a newer"
                                  " version of Parley has written it.",
                                  stored, known));
  }
  std::vector<migration> pending;
  for (std::int64_t number = 1; number <= known; ++number) {
    const auto next = migration_of(files[static_cast<std::size_t>(number) - 1]);
    if (!next || next->version != number) {
      return make_error(error_code::internal, fmt::format("Migration {} is missing or misnamed.", number));
    }
    if (number > stored) pending.push_back(*next);
  }
  return pending;
}

std::vector<std::string> names_of(std::span<const migration> migrations) {
  std::vector<std::string> names;
  for (const auto& each : migrations) names.emplace_back(each.name);
  return names;
}

}  // namespace parley
