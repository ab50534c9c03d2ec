#!/usr/bin/env bash
# Shows that the include rule passes a clean tree and refuses each kind of violation.
set -euo pipefail

script="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/scripts/check_includes.sh"
tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
failures=0

# put FILE LINE: a tree that holds just this file.
put() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/$(dirname "$1")"
  printf '%s\n' "$2" >"$tree/$1"
}

expect_refused() {
  put "$1" "$2"
  if "$script" "$tree" >/dev/null; then
    echo "passed, but should be refused: $1 with $2"
    failures=$((failures + 1))
  fi
}

expect_passed() {
  put "$1" "$2"
  if ! "$script" "$tree" >/dev/null; then
    echo "refused, but should pass: $1 with $2"
    failures=$((failures + 1))
  fi
}

expect_refused include/parley/a.hpp '#include <boost/asio.hpp>'
expect_refused include/parley/a.hpp '#include "net/outbox.hpp"'
expect_refused include/parley/a.hpp '#include <sqlite3.h>'
expect_refused src/core/a.cpp '#include <caf/all.hpp>'
expect_refused src/core/a.cpp '#include "store/schema.hpp"'
expect_refused src/net/a.cpp '#include <caf/all.hpp>'
expect_refused src/net/a.cpp '#include "actors/messages.hpp"'
expect_refused src/net/api/a.cpp '#include "../../store/sqlite_database.hpp"'
expect_refused src/net/a.cpp '#include <simdjson.h>'
expect_refused src/net/a.hpp '  #  include <pqxx/pqxx>'
expect_refused src/actors/a.cpp '#include <boost/asio/io_context.hpp>'
expect_refused src/actors/a.cpp '#include <boost/beast/core.hpp>'
expect_refused src/actors/a.cpp '#include "net/outbox.hpp"'
expect_refused src/actors/a.cpp '#include "store/sqlite_database.hpp"'
expect_refused src/store/a.cpp '#include <caf/actor.hpp>'
expect_refused src/store/a.cpp '#include "actors/messages.hpp"'
expect_refused src/store/a.cpp '#include "net/router.hpp"'
expect_refused src/store/schema/a.cpp '#include <simdjson.h>'
expect_refused src/main.cpp '#include "net/listener.hpp"'
expect_refused src/node.hpp '#include <caf/all.hpp>'

expect_passed include/parley/a.hpp '#include <boost/system/result.hpp>'
expect_passed src/net/a.cpp '#include <boost/asio.hpp>'
expect_passed src/net/json_codec.cpp '#include <simdjson.h>'
expect_passed src/actors/a.cpp '#include <caf/all.hpp>'
expect_passed src/store/a.cpp '#include <sqlite3.h>'
expect_passed src/node.cpp '#include "net/listener.hpp"'
expect_passed src/main.cpp '#include "node.hpp"'
expect_passed src/net/a.cpp '// #include "store/schema.hpp"'

if ((failures > 0)); then
  echo "$failures case(s) failed."
  exit 1
fi
echo "All cases of the include rule are as they should be."
