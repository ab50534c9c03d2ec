#!/usr/bin/env bash
# Rooms and who is in them. Usage: [BASE=http://localhost:8000] docs/examples/rooms.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

auth=(-H "Authorization: Bearer $(log_in "$ada")")
bobs=(-H "Authorization: Bearer $(log_in "$bob")")

step "Find somebody by the beginning of the name"
bob_id="$("${curl[@]}" "${auth[@]}" "$api/users?q=$bob" | take user_id)"

step 'Make a group'
room="$("${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms" -d '{"name": "Lobby", "is_group": true}' |
  take room_id)"

step 'Invite'
"${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms/$room/members" -d "{\"user_ids\": [\"$bob_id\"]}"

step 'Rename'
"${curl[@]}" "${auth[@]}" "${json[@]}" -X PATCH "$api/rooms/$room" -d '{"name": "Entrance hall"}'

step 'Who is in?'
"${curl[@]}" "${auth[@]}" "$api/rooms/$room/members"

step 'A private room: each pair has one'
"${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms" -d "{\"is_group\": false, \"user_id\": \"$bob_id\"}"

step 'The other one leaves the group'
"${curl[@]}" "${bobs[@]}" -X DELETE "$api/rooms/$room/members/me"

step 'My rooms, with what is unread'
"${curl[@]}" "${auth[@]}" "$api/rooms"
echo
