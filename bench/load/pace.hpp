// Times and bounds that the loads have in common.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::bench {

constexpr std::int64_t second_ns = 1'000'000'000;
/// A schedule begins so long after it was made.
constexpr std::int64_t lead_ns = second_ns / 10;
/// What has not come so long after the last send is lost.
constexpr std::int64_t grace_ns = 15 * second_ns;
/// What is due at once goes in such groups, so that frames are read meanwhile.
constexpr std::size_t most_in_turn = 32;
/// Of a trial, when the highest rate is looked for: long enough for a p99, short enough to try ten.
constexpr double trial_seconds = 5;
constexpr double trial_warm_up = 1;
/// Before connections are measured, allocators and caches warm up on so many.
constexpr std::size_t warm_up_connections = 200;

}  // namespace parley::bench
