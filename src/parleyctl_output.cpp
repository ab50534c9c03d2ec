// Lays out JSON as text.
#include "parleyctl_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace parley {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) {
  if (value.is_null()) return "-";
  if (value.is_bool()) return value.as_bool() ? "yes" : "no";
  if (const auto* text = value.if_string()) return printable({text->data(), text->size()});
  return json::serialize(value);
}

std::string field_of(const json::object& item, std::string_view field) {
  const auto dot = field.find('.');
  const auto* value = item.if_contains(field.substr(0, dot));
  if (value == nullptr || value->is_null()) return "-";
  if (dot == std::string_view::npos) return text_of(*value);
  const auto* inner = value->if_object();
  return inner == nullptr ? "-" : field_of(*inner, field.substr(dot + 1));
}

/// Characters, near enough to columns.
std::size_t width_of(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // C0, DEL, and C1 as UTF-8.
    const bool is_c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    const auto bytes = text.substr(i, 3);
    // What turns the direction of the text behind it, or ends lines: U+200E, U+200F, U+2028 to U+202E, U+2066 to
    // U+2069.
    const bool turns = bytes == "\u200e" || bytes == "\u200f" || (bytes >= "\u2028" && bytes <= "\u202e") ||
                       (bytes >= "\u2066" && bytes <= "\u2069");
    if (turns) {
      const auto low = (static_cast<unsigned>(bytes[1]) & 0x3FU) << 6U | (static_cast<unsigned>(bytes[2]) & 0x3FU);
      out += fmt::format("\\u{:04x}", 0x2000U | low);
      i += 2;
      continue;
    }
    if (c < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", c);
    } else if (is_c1) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string table_text(const json::array& items, const std::vector<table_column>& columns) {
  std::vector<std::vector<std::string>> rows(1);
  for (const auto& column : columns) rows[0].emplace_back(column.title);
  for (const auto& item : items) {
    auto& row = rows.emplace_back();
    for (const auto& column : columns) row.push_back(field_of(item.as_object(), column.field));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 == row.size()) break;
      std::size_t widest = 0;
      for (const auto& other : rows) widest = std::max(widest, width_of(other[i]));
      out.append(widest - width_of(row[i]) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string record_text(const json::object& record) {
  std::size_t widest = 0;
  for (const auto& field : record) widest = std::max(widest, field.key().size());
  std::string out;
  for (const auto& field : record) {
    out += fmt::format("{:<{}}  {}\n", std::string_view(field.key().data(), field.key().size()), widest,
                       text_of(field.value()));
  }
  return out;
}

}  // namespace parley
