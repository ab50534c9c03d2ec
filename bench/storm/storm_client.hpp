// What a client of one room makes of its frames: its position, over all its connections, and what was wrong.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::bench {

/// Without a socket. The first connection begins at the room's end, each later one where `way` says.
class storm_client {
 public:
  enum class way_back {
    resume,  ///< It asks for what comes behind the last seq it has.
    unread   ///< The node begins behind its user's read marker; what it has of that comes again.
  };
  explicit storm_client(way_back way) : way_(way) {}

  enum class wish { nothing, resume, resume_later };

  /// What is to be sent because of the frame.
  wish on_frame(std::string_view frame);
  void on_lost_connection() { stage_ = stage::away; }

  /// Everything that comes from now on is new.
  [[nodiscard]] bool is_live() const { return stage_ == stage::live; }
  [[nodiscard]] bool is_away() const { return stage_ == stage::away; }
  /// The last seq it has.
  [[nodiscard]] std::uint64_t last() const { return last_; }
  /// How far this connection has come, which is where a resume goes on.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::uint64_t doubled() const { return doubled_; }
  /// Seqs that were left out.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  [[nodiscard]] std::uint64_t replayed() const { return replayed_; }

 private:
  enum class stage { away, resuming, replaying, live };

  wish on_ready(std::string_view frame);
  void take(std::uint64_t seq);

  way_back way_;
  stage stage_ = stage::away;
  bool is_known_ = false;  ///< It has a position.
  std::uint64_t last_ = 0, position_ = 0;
  std::uint64_t doubled_ = 0;
  std::uint64_t left_out_ = 0;
  std::uint64_t replayed_ = 0;
};

}  // namespace parley::bench
