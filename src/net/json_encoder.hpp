// From values to bytes: what the server says over WebSocket, as frames of JSON.
#pragma once

#include "parley/codec.hpp"

namespace parley {

/// The one encoder of frames: stateless, lives as long as the program.
const frame_encoder& json_encoder();

}  // namespace parley
