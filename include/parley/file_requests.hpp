// What clients ask about files: uploading block by block, signed addresses, reading.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "parley/account_requests.hpp"
#include "parley/files.hpp"

namespace parley {

/// A place among the user's uploads; given back when the upload is finished, or with its last copy. An upload that was
/// not finished by then is over.
using upload_place = std::shared_ptr<const void>;

/// `busy` when the user has too many uploads under way, `too_large` over the quota.
struct begin_upload {
  struct reply {
    file_id file;
    upload_place place;
  };
  principal who;
  std::string name;  ///< Through safe_file_name.
  std::uint64_t announced_bytes = 0;
};
/// In order from 0, each after the answer to the one before.
struct put_file_block {
  using reply = std::monostate;
  file_id file;
  std::uint32_t block = 0;
  std::string bytes;
};
/// Answered when the file outlives a loss of power.
struct finish_upload {
  using reply = std::monostate;
  principal who;
  file_id file;
  std::string name;
  std::string content_type;
  std::uint64_t size = 0;
  upload_place place;
};

/// Of a signed address: what stands in its query.
struct file_signature {
  user_id user;  ///< For whom it was signed; what they may no longer see, it no longer shows.
  timestamp expires_at{};
  std::string code;  ///< As text.
};
/// `not_found` for whoever may not see it, or signed badly.
struct open_file {
  using reply = stored_file;
  std::variant<principal, file_signature> who;
  file_id file;
  std::string name;
  bool is_under_way = false;  ///< Bytes of it were sent already, so that the address may have run out since.
};
/// Those that are stored, the newest first.
struct list_own_files {
  using reply = own_files;
  principal who;
  page_request range;
};
/// `not_found` for what is not the caller's.
struct delete_own_file {
  using reply = std::monostate;
  principal who;
  file_id file;
  std::string name;
};
struct read_file_block {
  using reply = std::string;
  file_id file;
  std::uint32_t block = 0;
};
struct sign_file {
  struct reply {
    std::string url;
    timestamp expires_at{};
  };
  principal who;
  std::string file_url;
};

}  // namespace parley
