// REST bodies and query fields to checked values: reads field by field and keeps the first refusal.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_target.hpp"
#include "parley/config.hpp"
#include "parley/error.hpp"
#include "parley/ids.hpp"
#include "parley/values.hpp"

namespace parley {

/// A JSON object of at most 32 levels. Optional fields may be null; unknown ones are ignored.
class request_body {
 public:
  /// `bad_request` for what is no JSON object.
  static result<request_body> parse(std::string_view text);

  /// Nothing when absent or null. Refuses other types, and NUL.
  std::optional<std::string> text(std::string_view field);
  std::string required_text(std::string_view field);
  bool required_flag(std::string_view field);
  bool flag(std::string_view field);  ///< False when absent or null.
  std::optional<uuid> identity(std::string_view field);
  /// Without repeats, in the order given; empty when absent.
  std::vector<user_id> users(std::string_view field);
  sequence required_position(std::string_view field);
  /// Null counts as there.
  [[nodiscard]] bool has(std::string_view field) const;

  void require(const result<void>& checked);
  void refuse(error what);
  /// The first refusal; test it before any value is used.
  [[nodiscard]] const std::optional<error>& refusal() const { return refusal_; }

 private:
  explicit request_body(boost::json::object fields) : fields_(std::move(fields)) {}
  [[nodiscard]] const boost::json::value* find(std::string_view field) const;

  boost::json::object fields_;
  std::optional<error> refusal_;
};

inline constexpr std::uint32_t max_page_items = 200;

/// `?limit=`: 1 to 200, 50 when absent.
result<std::uint32_t> page_limit(const http_target& target);
/// `?cursor=&limit=`
result<page_request> page_of(const http_target& target);
/// A seq in the query; nothing when absent.
result<std::optional<sequence>> position_field(const http_target& target, std::string_view field);
/// `a,b,c`: at most `most` ids, without repeats.
result<std::vector<user_id>> user_list_field(const http_target& target, std::string_view field, std::size_t most);

}  // namespace parley
