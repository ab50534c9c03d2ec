// One upload: from the request's body, raw or as a form, block by block to where files are kept.
#pragma once

#include "net/api_call.hpp"

namespace parley {

/// Answers the call, now or later. Holds two blocks at most.
void start_file_upload(const api_call_ptr& call);

}  // namespace parley
