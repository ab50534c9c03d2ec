// A request's target taken apart: decoded path segments and query fields. It never enters a log: queries may
// bear tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/error.hpp"

namespace parley {

struct http_target {
  std::string path;                   ///< Decoded, with its leading slash.
  std::vector<std::string> segments;  ///< Decoded one by one, so that %2F is no separator; none for "/".
  std::vector<std::pair<std::string, std::string>> query;

  /// The first field of that name; nothing when it is absent.
  [[nodiscard]] std::optional<std::string> query_field(std::string_view name) const;
};

/// Origin form ("/a/b?c=d") or absolute form ("http://host/a/b"). `bad_request` for broken percent signs,
/// bytes that are not UTF-8, and NUL.
result<http_target> parse_target(std::string_view target);

}  // namespace parley
