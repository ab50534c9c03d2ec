#!/usr/bin/env bash
# Somebody spoils a room, and what is done about it.
# Usage: [BASE=http://localhost:8000] [MODERATOR=username:password] docs/examples/moderation.sh
# The operator makes a moderator where the node runs (docs/operations.md), after ./dev run in the same folder:
#   echo 'correct horse' | build/release/bin/parleyctl user create --username maude --role moderator --password-stdin
set -euo pipefail
source "$(dirname "$0")/common.sh"

auth=(-H "Authorization: Bearer $(log_in "$ada")")
bobs=(-H "Authorization: Bearer $(log_in "$bob")")
bob_id="$("${curl[@]}" "${bobs[@]}" "$api/me" | field user_id)"
room="$("${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms" -d '{"name": "Lobby", "is_group": true}' | field room_id)"
"${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms/$room/members" -d "{\"user_ids\": [\"$bob_id\"]}" >/dev/null
# Shows what the server says, be it yes or no.
bob_says() { curl --silent "${bobs[@]}" "${json[@]}" "$api/rooms/$room/messages" -d "{\"content\": \"$1\"}"; }

step 'Bob writes an advert'
message="$(bob_says 'Buy my engines' | take message_id)"

step 'Ada made the room: she mutes him for ten minutes'
"${curl[@]}" "${auth[@]}" "${json[@]}" -X PUT "$api/rooms/$room/mutes/$bob_id" -d '{"seconds": 600}'
bob_says 'Cheap engines'

step 'She lifts the mute, and lets each member send one message in 30 seconds'
"${curl[@]}" "${auth[@]}" -X DELETE "$api/rooms/$room/mutes/$bob_id"
"${curl[@]}" "${auth[@]}" "${json[@]}" -X PUT "$api/rooms/$room/slow-mode" -d '{"seconds": 30}'

step 'The second message has to wait'
bob_says 'Used engines'
bob_says 'New engines'

step 'Ada reports the first one to the moderators'
report="$("${curl[@]}" "${auth[@]}" "${json[@]}" "$api/messages/$message/reports" \
  -d '{"reason": "spam", "comment": "The same in five rooms"}' | take report_id)"

step 'She bans Bob, and removes what he wrote'
"${curl[@]}" "${auth[@]}" "${json[@]}" -X PUT "$api/rooms/$room/bans/$bob_id" \
  -d '{"reason": "Adverts again", "remove_messages": true}'

step 'That is done behind the answer: wait for its end, and read the history'
wait_for '"removing_messages":false' "${curl[@]}" "${auth[@]}" "$api/rooms/$room/bans"
"${curl[@]}" "${auth[@]}" "$api/rooms/$room/messages"

step 'Bob is out, and nobody can invite him'
bob_says 'Last engines'
curl --silent "${auth[@]}" "${json[@]}" "$api/rooms/$room/members" -d "{\"user_ids\": [\"$bob_id\"]}"

step 'Until Ada lifts the ban'
"${curl[@]}" "${auth[@]}" -X DELETE "$api/rooms/$room/bans/$bob_id"
"${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms/$room/members" -d "{\"user_ids\": [\"$bob_id\"]}"

if [[ -z ${MODERATOR-} ]]; then
  step 'What a moderator does is left out: set MODERATOR=username:password'
  exit 0
fi

step 'A moderator sees what was reported, though it is deleted'
body="{\"username\": \"${MODERATOR%%:*}\", \"password\": \"${MODERATOR#*:}\"}"
mods=(-H "Authorization: Bearer $("${curl[@]}" "${json[@]}" "$api/auth/login" -d "$body" | field token)")
"${curl[@]}" "${mods[@]}" "$api/admin/reports?status=open"

step 'And decides'
"${curl[@]}" "${mods[@]}" "${json[@]}" -X PATCH "$api/admin/reports/$report" \
  -d '{"status": "acted", "note": "Banned by the creator"}'

step 'The newest decision'
"${curl[@]}" "${mods[@]}" "$api/admin/reports?status=decided&limit=1"
echo
