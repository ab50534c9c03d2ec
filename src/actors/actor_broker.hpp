// The clients' port, answered by actors: accounts by the account actor, reads by reading actors, changes by rooms.
#pragma once

#include "actors/account_messages.hpp"
#include "actors/actor_services.hpp"
#include "actors/file_messages.hpp"
#include "actors/user_places.hpp"

namespace parley {

/// As many as a page may have under way while somebody types; more would only keep the others waiting.
inline constexpr std::uint32_t searches_of_a_user = 4;

/// Any thread may call. `services`, the system and the account actor outlive it.
class actor_broker final : public broker {
 public:
  actor_broker(caf::actor_system& system, const actor_services& services, account_handle accounts, file_handle files)
      : system_(system), services_(services), accounts_(std::move(accounts)), files_(std::move(files)) {}

  void submit(any_call what) override;
  std::unique_ptr<client_session> open_session(session_request request) override;

 private:
  template <class Request>
  void handle(call<Request> ask);
  void handle(call<change_me> ask);
  void handle(call<change_friendship> ask);
  void handle(call<create_room> ask);
  void handle(call<change_room> ask);
  void handle(call<mark_read> ask);
  void handle(call<search_messages> ask);
  void handle(call<list_mutes> ask);
  void handle(call<report_message> ask);
  void handle(call<decide_report> ask);
  void handle(call<list_connections> ask);
  void handle(call<list_active_rooms> ask);
  void handle(call<list_nodes> ask);
  void handle(call<list_cluster_rooms> ask);
  void handle(call<trace_message> ask);
  void handle(call<explain_presence> ask);
  void handle(call<begin_upload> ask);
  void handle(call<put_file_block> ask);
  void handle(call<finish_upload> ask);
  void handle(call<open_file> ask);
  void handle(call<read_file_block> ask);
  void handle(call<sign_file> ask);
  void handle(call<delete_own_file> ask);
  template <class Request>
  void read(call<Request> ask);
  template <class Request>
  void read_from(const read_pool& readers, call<Request> ask, queue_place place = nullptr);
  void post(room_id room, call<change_room> ask);
  [[nodiscard]] std::optional<error> over(const std::shared_ptr<rate_limiter>& allowance, const char* message) const;

  caf::actor_system& system_;
  const actor_services& services_;
  account_handle accounts_;
  file_handle files_;
  const std::shared_ptr<user_places> searches_ = std::make_shared<user_places>(searches_of_a_user);
};

}  // namespace parley
