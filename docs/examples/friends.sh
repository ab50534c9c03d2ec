#!/usr/bin/env bash
# Two people become friends, and one blocks the other. Usage: [BASE=http://localhost:8000] docs/examples/friends.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

auth=(-H "Authorization: Bearer $(log_in "$ada")")
bobs=(-H "Authorization: Bearer $(log_in "$bob")")
ada_id="$("${curl[@]}" "${auth[@]}" "$api/me" | field user_id)"
bob_id="$("${curl[@]}" "${bobs[@]}" "$api/me" | field user_id)"

step 'Ada asks'
"${curl[@]}" "${auth[@]}" "${json[@]}" "$api/friends" -d "{\"user_id\": \"$bob_id\"}"

step 'Bob sees it, and accepts'
"${curl[@]}" "${bobs[@]}" "$api/friends?status=pending"
"${curl[@]}" "${bobs[@]}" -X POST "$api/friends/$ada_id/accept"

step 'Who is online?'
"${curl[@]}" "${auth[@]}" "$api/presence?user_ids=$ada_id,$bob_id"

step 'Bob blocks Ada, who cannot ask again'
"${curl[@]}" "${bobs[@]}" -X POST "$api/friends/$ada_id/block"
curl --silent "${auth[@]}" "${json[@]}" "$api/friends" -d "{\"user_id\": \"$bob_id\"}"

step 'Bob takes it back'
"${curl[@]}" "${bobs[@]}" -X POST "$api/friends/$ada_id/unblock"
echo
