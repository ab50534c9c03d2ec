// Looks embedded files up by their path.
#include "net/static_files.hpp"

#include <algorithm>
#include <string>

#include "net/embedded_files.hpp"

namespace parley {
namespace {

const embedded_file* find_exactly(std::string_view path) {
  const auto files = embedded_files();
  const auto found = std::ranges::find(files, path, &embedded_file::path);
  return found != files.end() ? &*found : nullptr;
}

}  // namespace

const embedded_file* find_static_file(std::string_view path) {
  if (path == "/") return find_exactly("/index.html");
  if (path == "/docs" || path == "/docs/") return find_exactly("/docs/index.html");
  if (const auto* file = find_exactly(path)) return file;
  return path.starts_with("/docs/") ? find_exactly(std::string(path) + ".html") : nullptr;
}

http_reply static_file_reply(const embedded_file& file, std::string_view if_none_match) {
  // Our tags are hex in quotes, so that finding one in the list, weak or strong, is finding its text.
  const bool is_known = if_none_match == "*" || if_none_match.find(file.etag) != std::string_view::npos;
  http_reply reply;
  reply.status = is_known ? 304 : 200;
  if (!is_known) reply.body = file.bytes;
  reply.content_type = file.content_type;
  reply.headers = {{"ETag", std::string(file.etag)}, {"Cache-Control", "no-cache"}};
  return reply;
}

}  // namespace parley
