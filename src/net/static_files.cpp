// Looks embedded files up by their path.
#include "net/static_files.hpp"

#include <algorithm>

#include "net/embedded_files.hpp"

namespace parley {

const embedded_file* find_static_file(std::string_view path) {
  if (path == "/") path = "/index.html";
  const auto files = embedded_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const embedded_file& file) { return file.path == path; });
  return found != files.end() ? &*found : nullptr;
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
