#!/usr/bin/env bash
# Finding messages. Usage: [BASE=http://localhost:8000] docs/examples/search.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

auth=(-H "Authorization: Bearer $(log_in "$ada")")
new_room() {
  "${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms" -d "{\"name\": \"$1\", \"is_group\": true}" | field room_id
}
send() {
  "${curl[@]}" "${auth[@]}" "${json[@]}" "$api/rooms/$1/messages" -d "{\"content\": \"$2\"}" | field message_id
}
# search WORDS [-d PARAMETER=VALUE]...
search() { "${curl[@]}" "${auth[@]}" --get "$api/search" --data-urlencode "q=$1" "${@:2}"; }

lobby="$(new_room Lobby)"
kitchen="$(new_room Kitchen)"
send "$lobby" 'Meet me at the lighthouse café' >/dev/null
keeper="$(send "$lobby" 'The keeper of the lighthouse waved')"
cake="$(send "$kitchen" 'A cake like a lighthouse')"

step 'Search in one room. New messages are found after a moment'
wait_for "$keeper" search lighthouse -d "room_id=$lobby"

step 'Search in all of my rooms: the newest comes first'
wait_for "$cake" search lighthouse

step 'All words, in any order, the last one perhaps not finished; case and accents do not count'
search 'CAFE lighth'

step 'Highlight: the pieces of "snippet", one after another'
search 'CAFE lighth' | grep -o '{"text":"[^"]*","is_hit":[a-z]*}'

step 'Two at a time: each page names the next one, until "next_cursor" is null'
cursor="$(search lighthouse -d limit=2 | take next_cursor)"
while [[ -n $cursor ]]; do
  cursor="$(search lighthouse -d limit=2 --data-urlencode "cursor=$cursor" | take next_cursor)"
done

step 'Edit a message: it is found by its new words'
"${curl[@]}" "${auth[@]}" "${json[@]}" -X PATCH "$api/messages/$cake" -d '{"content": "A cake like a windmill"}'
wait_for "$cake" search windmill

step 'And no longer by the old ones'
search lighthouse -d "room_id=$kitchen"
echo
