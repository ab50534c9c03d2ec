// The table of patterns.
#include "net/content_sniffer.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "parley/utf8.hpp"

namespace parley {
namespace {

using namespace std::string_view_literals;

/// The bytes at the beginning, and some that stand further in.
struct pattern {
  std::string_view begins;
  std::size_t at;
  std::string_view holds;
  std::string_view type;
};

constexpr std::array patterns{
    pattern{"\x89PNG\r\n\x1A\n"sv, 0, {}, "image/png"},
    pattern{"\xFF\xD8\xFF"sv, 0, {}, "image/jpeg"},
    pattern{"GIF87a"sv, 0, {}, "image/gif"},
    pattern{"GIF89a"sv, 0, {}, "image/gif"},
    pattern{"RIFF"sv, 8, "WEBPVP"sv, "image/webp"},
    pattern{"BM"sv, 6, "\0\0\0\0"sv, "image/bmp"},
    pattern{{}, 4, "ftypavif"sv, "image/avif"},
    pattern{{}, 4, "ftypheic"sv, "image/heic"},
    pattern{"RIFF"sv, 8, "WAVE"sv, "audio/wave"},
    pattern{"ID3"sv, 0, {}, "audio/mpeg"},
    pattern{"\xFF\xFB"sv, 0, {}, "audio/mpeg"},
    pattern{"OggS\0"sv, 0, {}, "application/ogg"},
    pattern{"fLaC"sv, 0, {}, "audio/flac"},
    pattern{{}, 4, "ftypM4A"sv, "audio/mp4"},
    pattern{{}, 4, "ftypqt"sv, "video/quicktime"},
    pattern{{}, 4, "ftyp"sv, "video/mp4"},
    pattern{"\x1A\x45\xDF\xA3"sv, 0, {}, "video/webm"},
    pattern{"%PDF-"sv, 0, {}, "application/pdf"},
    pattern{"PK\3\4"sv, 0, {}, "application/zip"},
    pattern{"\x1F\x8B\x08"sv, 0, {}, "application/gzip"},
};

constexpr std::string_view text_type = "text/plain; charset=utf-8";

bool fits(const pattern& shape, std::string_view bytes) {
  return bytes.starts_with(shape.begins) && bytes.size() >= shape.at + shape.holds.size() &&
         bytes.substr(shape.at, shape.holds.size()) == shape.holds;
}

/// Without the control characters that no text has (section 5.1: binary data bytes), in UTF-8. Of more than is
/// looked at, the last character may be cut.
bool is_text(std::string_view bytes) {
  const bool has_binary = std::any_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x08 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) || (byte >= 0x1C && byte <= 0x1F);
  });
  if (has_binary) return false;
  const std::size_t most_cut = bytes.size() == sniffed_bytes ? 3 : 0;
  for (std::size_t cut = 0; cut <= most_cut; ++cut) {
    if (is_valid_utf8(bytes.substr(0, bytes.size() - cut))) return true;
  }
  return false;
}

}  // namespace

std::string_view sniffed_type(std::string_view first_bytes) {
  const auto bytes = first_bytes.substr(0, sniffed_bytes);
  const auto found =
      std::find_if(patterns.begin(), patterns.end(), [&](const auto& each) { return fits(each, bytes); });
  if (found != patterns.end()) return found->type;
  return is_text(bytes) ? text_type : "application/octet-stream"sv;
}

bool is_shown_inline(std::string_view content_type) {
  return content_type.starts_with("image/") || content_type.starts_with("audio/") ||
         content_type.starts_with("video/") || content_type == "application/ogg" || content_type == text_type;
}

}  // namespace parley
