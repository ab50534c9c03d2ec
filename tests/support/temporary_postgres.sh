#!/usr/bin/env bash
# Runs a PostgreSQL server of the test's own in the foreground: temporary_postgres.sh FOLDER PORT [postgres options].
# The folder is made when it is empty and used again when it is not, so that a server may be killed and come back. Ends
# with the signal it gets: SIGINT in good order, SIGQUIT at once. PostgreSQL refuses to run as root, so then it runs as
# Debian's user postgres.
set -euo pipefail

folder="$1" port="$2"
shift 2

bin="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"
[[ -n "$bin" ]] || bin="$(dirname "$(command -v postgres)")"

as_server=()
if ((EUID == 0)); then
  mkdir -p "$folder"
  chown postgres:postgres "$folder"
  as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups --pdeathsig keep --)
fi
if [[ ! -s "$folder/PG_VERSION" ]]; then
  "${as_server[@]}" "$bin/initdb" --pgdata="$folder" --username=parley --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
    --no-sync >/dev/null
fi
exec "${as_server[@]}" "$bin/postgres" -D "$folder" -p "$port" -c listen_addresses=127.0.0.1 \
  -c unix_socket_directories= -c fsync=on -c max_connections=200 -c log_min_messages=fatal "$@"
