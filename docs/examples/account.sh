#!/usr/bin/env bash
# An account from beginning to end. Usage: [BASE=http://localhost:8000] docs/examples/account.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

step 'Register'
body="{\"username\": \"$ada\", \"password\": \"correct horse\", \"display_name\": \"Ada\"}"
"${curl[@]}" "${json[@]}" "$api/auth/register" -d "$body"

step 'Log in: the answer holds a token'
token="$("${curl[@]}" "${json[@]}" "$api/auth/login" -d "$body" | take token)"
auth=(-H "Authorization: Bearer $token")

step 'Who am I?'
"${curl[@]}" "${auth[@]}" "$api/me"

step 'Another name for others to see'
"${curl[@]}" "${auth[@]}" "${json[@]}" -X PATCH "$api/me" -d '{"display_name": "Ada Lovelace"}'

step 'Another password'
"${curl[@]}" "${auth[@]}" "${json[@]}" "$api/me/password" \
  -d '{"current_password": "correct horse", "new_password": "battery staple"}'

step 'Where am I logged in?'
"${curl[@]}" "${auth[@]}" "$api/me/tokens"

step 'Log out: the token is worth nothing any more'
"${curl[@]}" "${auth[@]}" -X POST "$api/auth/logout"
curl --silent "${auth[@]}" "$api/me"
echo
