// The account actor: its interface and what is sent to it. See messages.hpp for the rest.
#pragma once

#include <caf/all.hpp>
#include <functional>

#include "actors/control_messages.hpp"
#include "actors/job_messages.hpp"
#include "parley/client_ports.hpp"

namespace parley {

struct account_continuation;
struct account_tick;
/// Registration, log-in, tokens and their cache.
using account_handle = caf::typed_actor<
    caf::reacts_to<call<register_user>>, caf::reacts_to<call<log_in>>, caf::reacts_to<call<authenticate>>,
    caf::reacts_to<call<log_out>>, caf::reacts_to<call<enter_by_name>>, caf::reacts_to<call<change_me>>,
    caf::reacts_to<call<change_own_password>>, caf::reacts_to<call<end_own_token>>, caf::reacts_to<call<change_user>>,
    caf::reacts_to<call<end_user_tokens>>, caf::reacts_to<call<reset_password>>, caf::reacts_to<control_heard>,
    caf::reacts_to<control_reached>, caf::reacts_to<account_continuation>, caf::reacts_to<account_tick>>;

/// Sent by a job, reading or storage actor to the account actor, or by itself for later: run the rest there, where
/// the state is.
struct account_continuation {
  std::function<void()> then;
};
/// Sent by the account actor to itself: tokens in use whose time is over.
struct account_tick {};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(account_continuation)
PARLEY_UNSAFE(account_tick)
PARLEY_UNSAFE(call<parley::register_user>)
PARLEY_UNSAFE(call<parley::log_in>)
PARLEY_UNSAFE(call<parley::authenticate>)
PARLEY_UNSAFE(call<parley::log_out>)
PARLEY_UNSAFE(call<parley::enter_by_name>)
PARLEY_UNSAFE(call<parley::change_me>)
PARLEY_UNSAFE(call<parley::change_own_password>)
PARLEY_UNSAFE(call<parley::end_own_token>)
PARLEY_UNSAFE(call<parley::change_user>)
PARLEY_UNSAFE(call<parley::end_user_tokens>)
PARLEY_UNSAFE(call<parley::reset_password>)
#undef PARLEY_UNSAFE
