// Rooms' tails on Redis: the newest events of each room, so that a replay need not reach the store.
//   parley:room:{ROOM}        a stream without unapplied changes from its first entry to its last. Ids are SEQ-0; m =
//   what
//                             kind of event it is, and of which message; e = the event (stream_record.hpp).
//   parley:room:{ROOM}:early  a hash: events from beyond a hole in what came, until it closes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "parley/event_stream.hpp"
#include "store/redis_connection.hpp"
#include "store/redis_event_stream.hpp"

namespace parley {

std::string tail_key(const room_id& room);

/// Puts the tails' commands into a writer's pipelines; belongs to the writer. Redis refusing them costs nothing but the
/// tails.
class redis_tail_writer {
 public:
  explicit redis_tail_writer(const redis_stream_options& options);

  /// Of those batches of which nothing can have been lost on Redis since they were stored.
  void add(redis_pipeline& commands, std::span<const std::shared_ptr<const stream_batch>> batches);
  /// The answers to what add() put in.
  void take(std::span<const redis_reply> replies);

 private:
  [[nodiscard]] bool is_fresh(const stream_batch& batch, steady_time now) const;
  void take_greeting(const redisReply& epoch, const redisReply& script);
  void complain(const redisReply& refusal);

  const std::string most_entries_;  ///< Empty: no tails.
  const std::chrono::seconds lifetime_;
  std::string epoch_;          ///< Empty until it is known.
  steady_time epoch_since_{};  ///< When it was first seen: what was lost on Redis was lost before.
  std::string script_;         ///< As Redis names it; empty until it is known.
  bool is_greeting_ = false;   ///< The pipeline under way asks for these two.
  std::string complained_of_;  ///< What Redis said last, which is logged once.
};

class redis_tail_reader final : public room_tail_reader {
 public:
  explicit redis_tail_reader(const redis_options& options) : connection_(options) {}

  result<std::vector<tail_page>> read(std::span<const tail_question> questions) override;

 private:
  tail_page page_of(const redisReply& reply, const tail_question& question);

  redis_connection connection_;
  std::string last_unreadable_;  ///< Named in the log once, however often it is met.
};

}  // namespace parley
