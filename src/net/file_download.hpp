// One file's way out: what its response says of it, and its bytes block by block.
#pragma once

#include "net/api_call.hpp"
#include "parley/file_requests.hpp"
#include "parley/files.hpp"

namespace parley {

/// Answers the call with the file, or the part of it that was asked for. `ask`: how it was found, which is asked again
/// while bytes are on their way: whoever may not see it any more gets no more than a second of it. `reader`: whose
/// place among the transfers it takes. `cache_seconds`: for how long the reader's own browser may show it without
/// asking again.
void answer_with_file(const api_call_ptr& call, const open_file& ask, const stored_file& file, user_id reader,
                      std::int64_t cache_seconds);

}  // namespace parley
