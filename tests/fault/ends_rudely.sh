#!/bin/sh
# $PARLEYD, which dies at once of SIGTERM, though with 0; when this is killed it dies too.
setpriv --pdeathsig KILL "$PARLEYD" "$@" &
node=$!
trap 'kill -KILL "$node"; wait "$node"; exit 0' TERM
wait "$node"
