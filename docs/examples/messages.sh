#!/usr/bin/env bash
# Messages from sending to deleting. Usage: [BASE=http://localhost:8000] docs/examples/messages.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

auth=(-H "Authorization: Bearer $(log_in "$ada")")
room="$("${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms" -d '{"name": "Lobby", "is_group": true}' | field room_id)"

step 'Send, with a key of my own'
send() {
  "${curl[@]}" "${auth[@]}" "${json[@]}" -H 'Idempotency-Key: first' "$api/rooms/$room/messages" \
    -d '{"content": "hello"}'
}
message="$(send | take message_id)"

step 'Send again with the same key, as after a lost answer: "duplicate" is true, and there is still one message'
send

step 'Edit'
"${curl[@]}" "${auth[@]}" "${json[@]}" -X PATCH "$api/messages/$message" -d '{"content": "hello, world"}'

step 'React with a thumb, percent-encoded, and read the history'
"${curl[@]}" "${auth[@]}" -X PUT "$api/messages/$message/reactions/%F0%9F%91%8D"
"${curl[@]}" "${auth[@]}" "$api/rooms/$room/messages?limit=10"

step 'Take the thumb back'
"${curl[@]}" "${auth[@]}" -X DELETE "$api/messages/$message/reactions/%F0%9F%91%8D"

step 'Read up to here'
"${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms/$room/read" -d '{"seq": 2}'

step 'Delete'
"${curl[@]}" "${auth[@]}" -X DELETE "$api/messages/$message"

step 'Everything that happened, in order'
"${curl[@]}" "${auth[@]}" "$api/rooms/$room/events?after_seq=0"
echo
