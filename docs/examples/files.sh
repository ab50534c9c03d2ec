#!/usr/bin/env bash
# Files from upload to deletion. Usage: [BASE=http://localhost:8000] docs/examples/files.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

auth=(-H "Authorization: Bearer $(log_in "$ada")")
bobs=(-H "Authorization: Bearer $(log_in "$bob")")
bob_id="$("${curl[@]}" "${bobs[@]}" "$api/me" | field user_id)"
room="$("${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms" -d '{"name": "Lobby", "is_group": true}' | field room_id)"
"${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms/$room/members" -d "{\"user_ids\": [\"$bob_id\"]}" >/dev/null

step 'Upload'
# From the disk: --data-binary @plan.txt, or as a form -F file=@plan.txt
file="$("${curl[@]}" "${auth[@]}" "$api/files?name=plan.txt" --data-binary 'Meet me at the lighthouse at eight.' |
  take file_url)"

step 'Until a message has it nobody else sees it'
curl --silent "${bobs[@]}" "$BASE$file"

step 'Send it in a message'
message="$("${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms/$room/messages" \
  -d "{\"content\": \"The plan\", \"file_url\": \"$file\"}" | take message_id)"

step 'Another member downloads it with his token'
"${curl[@]}" "${bobs[@]}" "$BASE$file"

step 'Only a part of it'
"${curl[@]}" "${bobs[@]}" --include --range 15-24 "$BASE$file"

step 'He gets an address that needs no token, as a picture in a page does'
signed="$("${curl[@]}" "${bobs[@]}" "${json[@]}" "$api/files/sign" -d "{\"file_url\": \"$file\"}" | take url)"
"${curl[@]}" "$BASE$signed"

step 'Delete the message'
"${curl[@]}" "${auth[@]}" -X DELETE "$api/messages/$message"

step 'The file is gone for others, by token and by signed address'
curl --silent "${bobs[@]}" "$BASE$file"
curl --silent "$BASE$signed"
echo

step 'Whatever one has uploaded, and what it takes of the quota'
old="$("${curl[@]}" "${auth[@]}" "$api/files?name=old.txt" --data-binary 'Last year'\''s plan.' | field file_url)"
"${curl[@]}" "${auth[@]}" "$api/files?limit=1"

step 'Delete one: it goes from all messages that have it'
"${curl[@]}" "${auth[@]}" -X DELETE "$BASE$old"
curl --silent "${auth[@]}" "$BASE$old"
echo
