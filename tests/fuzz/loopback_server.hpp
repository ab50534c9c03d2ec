// The real network side on a loopback port, with a broker that answers everything: what the fuzz targets throw bytes
// at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::fuzz {

/// Says what was wrong and aborts, so that libFuzzer keeps the input.
void require(bool holds, std::string_view what);

/// One connection: sends the bytes, says that no more will come, and reads until the server has ended it. The server is
/// started by the first call and serves all of them. A server that never ends is caught by libFuzzer's time-out.
std::string exchange(std::string_view bytes);

}  // namespace parley::fuzz
