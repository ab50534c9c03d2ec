#!/usr/bin/env bash
# Fails when a folder includes what the architecture forbids it. Usage: check_includes.sh [source tree]
set -euo pipefail

root="${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"
cd "$root"

asio='boost/(asio|beast)'
caf='caf/'
sql='(sqlite3|pqxx|libpq-fe|postgresql/|hiredis)'
tls='openssl/'
simdjson='simdjson'
net='(\.\./)*(src/)?net/'
actors='(\.\./)*(src/)?actors/'
store='(\.\./)*(src/)?store/'
node='(\.\./)*(src/)?node[._]'

violations=0

# forbid REASON PATTERN FILE...: no #include line of the files may name the pattern.
forbid() {
  local reason="$1" pattern="$2" found
  shift 2
  (($# > 0)) || return 0
  if found="$(grep -nEH "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)" "$@")"; then
    while IFS= read -r line; do
      echo "$line"
      echo "    $reason"
      violations=$((violations + 1))
    done <<<"$found"
  fi
}

# files_of FOLDER: its C++ files, into the array `files`.
files_of() {
  files=()
  [[ ! -d "$1" ]] || mapfile -t files < <(find "$1" -type f \( -name '*.cpp' -o -name '*.hpp' -o -name '*.ipp' -o -name '*.h' \) | sort)
}

files_of include
forbid "include/parley holds values and ports only" \
  "$asio|$caf|$sql|$tls|$simdjson|$net|$actors|$store|$node|(\.\./)*(src/)?core/" "${files[@]}"

files_of src/core
forbid "src/core is below the three folders and names none of their libraries" \
  "$asio|$caf|$sql|$tls|$simdjson|$net|$actors|$store|$node" "${files[@]}"

files_of src/net
forbid "src/net sees neither CAF, nor SQL or Redis, nor src/actors, nor src/store" "$caf|$sql|$actors|$store|$node" "${files[@]}"
others=()
for file in "${files[@]}"; do
  [[ "$file" == src/net/json_codec.cpp ]] || others+=("$file")
done
forbid "simdjson appears in src/net/json_codec.cpp only" "$simdjson" "${others[@]}"

files_of src/actors
forbid "src/actors sees neither sockets, nor SQL or Redis, nor simdjson, nor src/net, nor src/store" \
  "$asio|$sql|$tls|$simdjson|$net|$store|$node" "${files[@]}"

files_of src/store
forbid "src/store sees neither sockets, nor CAF, nor simdjson, nor src/net, nor src/actors" \
  "$asio|$caf|$simdjson|$net|$actors|$node" "${files[@]}"

# Besides node.cpp and its parts no file straight in src/ may name a folder or its library.
others=()
for file in src/*.cpp src/*.hpp; do
  [[ ! -f "$file" || "$file" == src/node*.cpp ]] || others+=("$file")
done
forbid "only src/node.cpp names several folders" "$asio|$caf|$sql|$simdjson|$net|$actors|$store" "${others[@]}"

if ((violations > 0)); then
  echo "Include rule: $violations violation(s)."
  exit 1
fi
echo "Include rule: fine."
