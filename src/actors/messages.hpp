// The messages between the actors of a node's clients, for whoever has to do with more than one kind of them.
#pragma once

#include "actors/directory_messages.hpp"
#include "actors/presence_messages.hpp"
#include "actors/room_messages.hpp"
#include "actors/session_messages.hpp"
#include "actors/store_messages.hpp"
