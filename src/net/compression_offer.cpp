// Extensions are names with parameters (RFC 6455 section 9.1); an offer with a parameter that we do not know, or twice,
// or with a value that it may not have, is declined, and the next one is looked at.
#include "net/compression_offer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/frame_deflater.hpp"

namespace parley {

namespace {

bool is_token_char(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         others.find(c) != std::string_view::npos;
}

/// Walks through the text; nothing it has read can be read again.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_(text) {}

  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }
  bool take(char wanted) {
    if (at_end() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Empty when there is none.
  std::string_view token() {
    skip_spaces();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }
  /// A token, or a quoted one. Escapes in quotes are not undone: none of our values needs one.
  std::optional<std::string_view> value() {
    if (!take('"')) {
      const std::string_view bare = token();
      return bare.empty() ? std::nullopt : std::optional(bare);
    }
    const std::size_t end = rest_.find('"');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view quoted = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return quoted;
  }

 private:
  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  std::string_view rest_;
};

/// 8 to 15, without leading zeros.
std::optional<int> window_bits(std::string_view text) {
  if (text == "8" || text == "9") return text[0] - '0';
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') return 10 + text[1] - '0';
  return std::nullopt;
}

/// One permessage-deflate with its parameters.
class deflate_offer {
 public:
  void add(std::string_view name, std::optional<std::string_view> value) {
    if (name == "server_no_context_takeover") {
      sound_ = sound_ && !value && !std::exchange(has_server_takeover_, true);
    } else if (name == "client_no_context_takeover") {
      sound_ = sound_ && !value && !std::exchange(has_client_takeover_, true);
    } else if (name == "client_max_window_bits") {
      // Only says that we may ask for a smaller window. We take any.
      sound_ = sound_ && (!value || window_bits(*value)) && !std::exchange(has_client_bits_, true);
    } else if (name == "server_max_window_bits") {
      sound_ = sound_ && value && !server_bits_;
      if (sound_) server_bits_ = window_bits(*value);
      sound_ = sound_ && server_bits_;
    } else {
      sound_ = false;
    }
  }
  /// Everybody gets the same bytes, so the window cannot be made smaller for one.
  [[nodiscard]] bool can_be_taken() const {
    return sound_ && (!server_bits_ || *server_bits_ >= frame_deflater::window_bits);
  }
  [[nodiscard]] std::string answer() const {
    std::string text = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    // Who names a window must be answered with one, of that size or smaller.
    if (server_bits_) text += "; server_max_window_bits=" + std::to_string(frame_deflater::window_bits);
    return text;
  }

 private:
  bool sound_ = true;
  bool has_server_takeover_ = false, has_client_takeover_ = false, has_client_bits_ = false;
  std::optional<int> server_bits_;
};

}  // namespace

std::string accept_compression(std::string_view offers) {
  scanner scan(offers);
  std::string answer;
  while (!scan.at_end()) {
    if (scan.take(',')) continue;  // an empty element of the list
    const std::string_view extension = scan.token();
    if (extension.empty()) return {};
    deflate_offer offer;
    while (scan.take(';')) {
      const std::string_view name = scan.token();
      if (name.empty()) return {};
      std::optional<std::string_view> value;
      if (scan.take('=')) {
        value = scan.value();
        if (!value) return {};
      }
      offer.add(name, value);
    }
    if (!scan.at_end() && !scan.take(',')) return {};
    if (answer.empty() && extension == "permessage-deflate" && offer.can_be_taken()) answer = offer.answer();
  }
  return answer;
}

}  // namespace parley
