#!/bin/sh
# $PARLEYD, which dies of SIGTERM at once and with an error; when this is killed it dies too.
setpriv --pdeathsig KILL "$PARLEYD" "$@" &
node=$!
trap 'kill -KILL "$node"; exit 1' TERM
wait "$node"
