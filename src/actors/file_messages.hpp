// The file actor: its interface and what is sent to it. See messages.hpp for the rest.
#pragma once

#include <caf/all.hpp>
#include <functional>

#include "parley/client_ports.hpp"

namespace parley {

struct upload_over;
struct file_continuation;
struct sweep_files;
/// Uploads under way, and the sweep of files that no message has.
using file_handle = caf::typed_actor<caf::reacts_to<call<begin_upload>>, caf::reacts_to<call<finish_upload>>,
                                     caf::reacts_to<call<delete_own_file>>, caf::reacts_to<upload_over>,
                                     caf::reacts_to<file_continuation>, caf::reacts_to<sweep_files>>;

/// Sent by an upload's place when its last copy goes: it was finished, or never will be.
struct upload_over {
  file_id file;
};
/// Sent by a job or storage actor to the file actor: run the rest there, where the state is.
struct file_continuation {
  std::function<void()> then;
};
/// Sent by the file actor to itself.
struct sweep_files {};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(upload_over)
PARLEY_UNSAFE(file_continuation)
PARLEY_UNSAFE(sweep_files)
PARLEY_UNSAFE(call<parley::begin_upload>)
PARLEY_UNSAFE(call<parley::finish_upload>)
PARLEY_UNSAFE(call<parley::delete_own_file>)
#undef PARLEY_UNSAFE
