// Splits a form at its delimiters.
#include "net/multipart_reader.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace parley {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t longest_boundary = 70;
constexpr std::size_t longest_header = 8 * 1024;

/// The value of `name` in `; a=b; c="d"`, without quotes and their escapes.
std::optional<std::string> parameter_of(std::string_view list, std::string_view name) {
  for (const auto& parameter : http::param_list({list.data(), list.size()})) {
    if (!boost::beast::iequals(parameter.first, {name.data(), name.size()})) continue;
    return std::string(parameter.second.data(), parameter.second.size());
  }
  return std::nullopt;
}

error no_form() { return bad_request("body: is no multipart/form-data with that boundary"); }

}  // namespace

std::optional<std::string> form_boundary(std::string_view content_type) {
  constexpr std::string_view form = "multipart/form-data";
  const auto type = content_type.substr(0, content_type.find(';'));
  const auto bare = type.substr(0, type.find_last_not_of(" \t") + 1);
  if (!boost::beast::iequals({bare.data(), bare.size()}, {form.data(), form.size()})) return std::nullopt;
  auto boundary = parameter_of(content_type.substr(type.size()), "boundary").value_or("");
  if (boundary.size() > longest_boundary || boundary.find_first_of("\r\n") != std::string::npos) boundary.clear();
  return boundary;
}

result<void> multipart_reader::take(std::string_view bytes, const std::function<void(std::string_view)>& use) {
  held_ += bytes;
  for (bool goes_on = true; goes_on && !fault_;) {
    switch (state_) {
      case state::content:
        goes_on = take_content(use);
        break;
      case state::delimiter:
        goes_on = take_delimiter();
        break;
      case state::header:
        goes_on = take_header();
        break;
      case state::epilogue:
        held_.clear();
        goes_on = false;
        break;
    }
  }
  if (fault_) return *fault_;
  return {};
}

result<void> multipart_reader::finish() const {
  if (state_ != state::epilogue) return bad_request("body: the form ends before its last boundary");
  if (!has_file_) return bad_request("file: the form has no field of that name");
  return {};
}

/// All but what may be the beginning of a delimiter.
bool multipart_reader::take_content(const std::function<void(std::string_view)>& use) {
  const auto end = held_.find(delimiter_);
  const bool is_whole = end != std::string::npos;
  const auto length = is_whole ? end : held_.size() - std::min(held_.size(), delimiter_.size() - 1);
  if (in_file_ && length > 0) use(std::string_view(held_).substr(0, length));
  held_.erase(0, is_whole ? end + delimiter_.size() : length);
  if (!is_whole) return false;
  in_file_ = false;
  state_ = state::delimiter;
  return true;
}

bool multipart_reader::take_delimiter() {
  if (held_.size() < 2) return false;
  if (held_.starts_with("--")) {
    state_ = state::epilogue;
    return true;
  }
  // RFC 2046 lets blanks stand behind a boundary.
  const auto line = held_.find_first_not_of(" \t");
  if (line == std::string::npos || line + 1 >= held_.size()) {
    if (held_.size() > longest_header) fault_ = no_form();
    return false;
  }
  if (held_.compare(line, 2, "\r\n") != 0) {
    fault_ = no_form();
    return false;
  }
  // The line's end stays: a header without fields is "\r\n\r\n" from here.
  held_.erase(0, line);
  state_ = state::header;
  return true;
}

bool multipart_reader::take_header() {
  const auto end = held_.find("\r\n\r\n");
  if (end == std::string::npos || end > longest_header) {
    if (held_.size() > longest_header) fault_ = bad_request("body: a part of the form has too long a header");
    return false;
  }
  read_header(std::string_view(held_).substr(0, end));
  // The last line's end belongs to a delimiter that may follow at once.
  held_.erase(0, end + 2);
  held_.erase(0, 2);
  state_ = state::content;
  return true;
}

void multipart_reader::read_header(std::string_view header) {
  constexpr std::string_view name = "content-disposition:";
  while (!header.empty()) {
    const auto end = header.find("\r\n");
    const auto line = header.substr(0, end);
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 2);
    if (line.size() < name.size()) continue;
    const auto field = line.substr(0, name.size());
    if (!boost::beast::iequals({field.data(), field.size()}, {name.data(), name.size()})) continue;
    const auto parameters = line.find(';');
    if (parameters == std::string_view::npos) continue;
    if (parameter_of(line.substr(parameters), "name") != file_field) continue;
    if (has_file_) {
      fault_ = bad_request("file: one at a time");
      return;
    }
    in_file_ = has_file_ = true;
    file_name_ = parameter_of(line.substr(parameters), "filename").value_or("");
  }
}

}  // namespace parley
