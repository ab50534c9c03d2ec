#!/bin/sh
# $PARLEYD, which ends in good order on SIGTERM, but with 1; when this is killed it dies too.
setpriv --pdeathsig KILL "$PARLEYD" "$@" &
node=$!
trap 'kill -TERM "$node"; wait "$node"; exit 1' TERM
wait "$node"
