# What the scripts beside this one share: where the server is, and two people to try things with.
# shellcheck shell=bash

BASE="${BASE:-http://localhost:8000}"
api="$BASE/api/v1"
json=(-H 'Content-Type: application/json')
# Shows what the server says when it refuses, and ends the script.
curl=(curl --silent --show-error --fail-with-body)

# A text field of the answer on stdin. With jq it would be: jq -r .FIELD
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }

# take FIELD: shows the answer on stdin, and answers that field of it.
take() {
  local answer
  answer="$(cat)"
  echo "$answer" >&2
  field "$1" <<<"$answer"
}

step() { printf '\n# %s\n' "$1"; }

# log_in NAME: makes the account and answers a token.
log_in() {
  local body="{\"username\": \"$1\", \"password\": \"correct horse\"}"
  "${curl[@]}" "${json[@]}" "$api/auth/register" -d "$body" >/dev/null
  "${curl[@]}" "${json[@]}" "$api/auth/login" -d "$body" | field token
}

# wait_for PART COMMAND...: asks again until the answer has that part, and shows it. Gives up after some 20 seconds.
wait_for() {
  local answer
  for _ in {1..100}; do
    answer="$("${@:2}")"
    [[ $answer != *"$1"* ]] || break
    sleep 0.2
  done
  echo "$answer"
  [[ $answer == *"$1"* ]]
}

# Names that nobody has, so that the scripts can run again and again.
ada="ada-$$-$RANDOM"
bob="bob-$$-$RANDOM"
