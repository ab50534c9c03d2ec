// Finds the one file in a multipart/form-data body (RFC 7578, RFC 2046 section 5.1) as its bytes come.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "parley/error.hpp"

namespace parley {

/// The boundary of a Content-Type of multipart/form-data; nothing for other types, empty when it has none or an unsound
/// one.
std::optional<std::string> form_boundary(std::string_view content_type);

/// Holds at most one part's header and as much as a boundary is long; the file's bytes go on at once.
class multipart_reader {
 public:
  /// The form's field that is the file; other fields are passed over.
  static constexpr std::string_view file_field = "file";

  explicit multipart_reader(const std::string& boundary) : delimiter_("\r\n--" + boundary), held_("\r\n") {}

  /// Hands the file's bytes in `bytes` on to `use`, in one piece or several. `bad_request` for what is no form.
  result<void> take(std::string_view bytes, const std::function<void(std::string_view)>& use);
  /// The body has ended. `bad_request` when the form has not, or has no file.
  [[nodiscard]] result<void> finish() const;
  /// As the client named it; empty when it did not.
  [[nodiscard]] const std::string& file_name() const { return file_name_; }

 private:
  enum class state : std::uint8_t {
    content,    ///< Of a part, or what stands before the first one.
    delimiter,  ///< Behind one: the end, or the next part.
    header,
    epilogue,
  };
  /// Each takes what it can off `held_`; true when it could.
  bool take_content(const std::function<void(std::string_view)>& use);
  bool take_delimiter();
  bool take_header();
  void read_header(std::string_view header);

  std::string delimiter_;
  std::string held_;
  state state_ = state::content;
  bool in_file_ = false;
  bool has_file_ = false;
  std::string file_name_;
  std::optional<error> fault_;
};

}  // namespace parley
