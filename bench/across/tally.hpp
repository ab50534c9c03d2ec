// What became of the messages of a run, and whether its figures may be told at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace parley::bench {

/// A send that began so long after its time is late; of more than one in a thousand of them a run is not what its
/// schedule says. Latencies count from the scheduled time, so that lateness never makes them shorter.
constexpr std::int64_t late_ns = 50'000'000;

struct across_tally {
  std::size_t planned = 0;  ///< With the warm-up, as all counts but two.
  std::size_t sent = 0;
  std::size_t acknowledged = 0;
  std::size_t received = 0;
  std::size_t doubled = 0;    ///< Received again, or by somebody to whom it was not sent.
  std::size_t reordered = 0;  ///< Received behind a later one of the same room.
  std::size_t refused = 0;
  std::size_t measured = 0;   ///< Of the planned ones,
  std::size_t late = 0;       ///< and of these.
  std::string first_refusal;  ///< The frame.
  std::string broken;         ///< How a connection ended; empty: none did.

  // Of the measured messages.
  std::vector<std::int64_t> deliveries_ns;  ///< From the scheduled time to the receiver's read.
  std::vector<std::int64_t> acks_ns;        ///< To the sender's read of the ack.
  std::vector<std::int64_t> delays_ns;      ///< To the send: what the tool itself adds.
};

/// Why these are no figures; empty when they are.
std::string objection_to(const across_tally& tally);

}  // namespace parley::bench
