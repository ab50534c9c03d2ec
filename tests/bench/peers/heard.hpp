// Remembers what a client of some protocol said that it learned.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "peers/client.hpp"

namespace parley::bench {

struct heard final : peer_events {
  int joins = 0;
  int answers = 0;
  std::vector<std::string> texts;  ///< Deliveries.
  std::vector<std::string> sent;   ///< Frames that have to go out.

  void joined() override { ++joins; }
  void delivered(std::string_view text) override { texts.emplace_back(text); }
  void acknowledged() override { ++answers; }
  void send(std::string_view payload) override { sent.emplace_back(payload); }
};

}  // namespace parley::bench
