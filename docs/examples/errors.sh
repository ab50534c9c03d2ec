#!/usr/bin/env bash
# How errors look, and where they are explained. Usage: [BASE=http://localhost:8000] docs/examples/errors.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

step 'A request without a token'
problem="$(curl --silent "$api/me")"
echo "$problem"

step 'The page of its code, which the field "type" names'
"${curl[@]}" "$BASE$(field type <<<"$problem")" | sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p'

step 'A field that breaks a rule is named'
curl --silent "${json[@]}" "$api/auth/register" -d '{"username": "A", "password": "correct horse"}'
echo
