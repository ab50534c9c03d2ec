#!/usr/bin/env bash
# A cluster to try on this machine: PostgreSQL, Redis, three nodes and HAProxy in front of them, until Ctrl-C.
# What ends is started again a little later, so that anything may be killed to see what happens. No service of the
# system is touched: everything has ports and a folder of its own.
set -euo pipefail
PATH="$PATH:/usr/sbin" # haproxy is there

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
parleyd="${PARLEYD:-$root/build/release/bin/parleyd}"
port=8000
comes_back_after=10
folder="$root/build/cluster"
folder_is_temporary=
parts=(postgres redis node1 node2 node3 haproxy) # in the order in which they start
declare -A port_of=() pid_of=() ended_at=()

show_help() {
  cat <<'HELP'
./dev cluster [flags]
  --port N                 where HAProxy listens on 127.0.0.1 (8000); the nodes take the next free ports
  --comes-back-after SECS  what ended is started again after so long (10)
  --folder DIR             data and logs (build/cluster); they are kept, remove the folder to begin anew
HELP
}

refuse() {
  echo "./dev cluster: $1" >&2
  exit "${2:-1}"
}

read_flags() {
  while (($# > 0)); do
    case "$1" in
      -h | --help) show_help; exit 0 ;;
      --port) port="${2-}" ;;
      --comes-back-after) comes_back_after="${2-}" ;;
      --folder) folder="${2-}" ;;
      *) show_help >&2; refuse "unknown flag $1" 2 ;;
    esac
    (($# >= 2)) || refuse "$1 needs a value" 2
    shift 2
  done
  [[ "$port" =~ ^[1-9][0-9]{0,4}$ && "$port" -le 65000 ]] || refuse "--port is a number from 1 to 65000" 2
  [[ "$comes_back_after" =~ ^[0-9]{1,6}$ ]] || refuse "--comes-back-after is a number of seconds" 2
}

# --- Ports and the folder ---

# Somebody listens there, or talks from there: a connection to elsewhere holds its port too.
is_taken() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port=":$(printf %04X "$1")" '$4 ~ /^(0A|01|02)$/ && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

# take_port PART FIRST: the first free one from there on that no other part has.
take_port() {
  local candidate="$2"
  while [[ " ${port_of[*]} " == *" $candidate "* ]] || is_taken "$candidate"; do candidate=$((candidate + 1)); done
  port_of[$1]="$candidate"
}

take_ports() {
  ! is_taken "$port" || refuse "port $port is taken; choose another: ./dev cluster --port $((port + 100))"
  port_of[haproxy]="$port"
  take_port node1 $((port + 1))
  take_port node2 $((port_of[node1] + 1))
  take_port node3 $((port_of[node2] + 1))
  take_port operators $((port_of[node3] + 1))
  # Below the ports that the kernel gives to outgoing connections, as are the nodes' by default.
  take_port postgres 15432
  take_port redis 16379
}

# PostgreSQL does not run as root, and its user must reach the folder.
choose_folder() {
  mkdir -p "$folder"
  folder="$(cd "$folder" && pwd)"
  if ((EUID == 0)) && ! setpriv --reuid=postgres --regid=postgres --clear-groups test -x "$folder"; then
    echo "PostgreSQL's user cannot reach $folder; this time the data are in /var/tmp and are not kept."
    folder="$(mktemp -d /var/tmp/parley-cluster-XXXXXX)"
    folder_is_temporary=yes
    chmod 755 "$folder"
  fi
  cd "$folder"
  exec 9>lock
  flock -n 9 || refuse "another one runs in $folder; choose another: --folder DIR"
}

# --- The parts ---

# launch PART COMMAND...: in a session of its own, so that Ctrl-C reaches this script alone; but it ends with the script,
# whatever ends that.
launch() {
  local part="$1"
  shift
  setsid setpriv --pdeathsig TERM -- "$@" >>"$part.log" 2>&1 </dev/null 9>&- &
  pid_of[$part]=$!
  disown # else bash reports each kill by itself
}

start_part() {
  local part="$1"
  local here="127.0.0.1:${port_of[$part]}"
  case "$part" in
    postgres) launch postgres "$root/tests/support/temporary_postgres.sh" "$folder/postgres" "${port_of[postgres]}" ;;
    redis)
      launch redis redis-server --bind 127.0.0.1 --port "${port_of[redis]}" --save '' --appendonly no \
        --maxmemory 256mb --maxmemory-policy volatile-lru
      ;;
    node*)
      launch "$part" "$parleyd" --dev --config "$root/config/cluster/node.toml" --set node.name="$part" \
        --set net.listen="$here" --set store.url="$store_url" --set bus.url="$bus_url" \
        --set admin.socket="$part.sock" --set drain.seconds=2 --set log.format=text
      ;;
    haproxy)
      PARLEY_BIND="$here" PARLEY_OPERATORS_BIND="127.0.0.1:${port_of[operators]}" \
        PARLEY_NODE_1="127.0.0.1:${port_of[node1]}" PARLEY_NODE_2="127.0.0.1:${port_of[node2]}" \
        PARLEY_NODE_3="127.0.0.1:${port_of[node3]}" launch haproxy haproxy -db -f "$root/config/cluster/haproxy.cfg"
      ;;
  esac
}

answers() {
  case "$1" in
    postgres) pg_isready -q -h 127.0.0.1 -p "${port_of[postgres]}" ;;
    redis) redis-cli -p "${port_of[redis]}" ping ;;
    *) curl -sf --max-time 2 "http://127.0.0.1:${port_of[$1]}/readyz" ;;
  esac >/dev/null 2>&1
}

is_running() { [[ -n "${pid_of[$1]-}" ]] && kill -0 "${pid_of[$1]}" 2>/dev/null; }

start_and_wait() {
  local part="$1" tries=600
  start_part "$part"
  until answers "$part"; do
    if ! is_running "$part" || ((--tries == 0)); then
      tail -n 5 "$part.log" >&2
      refuse "$part did not start; all that it said is in $folder/$part.log"
    fi
    sleep 0.1
  done
}

make_database() {
  local server="${store_url%/*}/postgres"
  [[ -n "$(psql -XAtq -d "$server" -c "SELECT 1 FROM pg_database WHERE datname = 'parley'")" ]] ||
    psql -Xq -d "$server" -c "CREATE DATABASE parley ENCODING 'UTF8' TEMPLATE template0"
}

# --- Watching and ending ---

show_what_runs() {
  local part
  echo
  echo "Open http://localhost:$port/ (HAProxy; which nodes it uses: http://localhost:${port_of[operators]}/)"
  echo
  for part in node1 node2 node3; do
    echo "  $part  http://localhost:${port_of[$part]}/  pid ${pid_of[$part]}"
  done
  cat <<TEXT

Look inside:
  psql $store_url -c 'SELECT content, created_at FROM tb_messages ORDER BY created_at DESC LIMIT 5'
  redis-cli -p ${port_of[redis]} --scan --pattern 'parley:*'
  redis-cli -p ${port_of[redis]} monitor
  ${parleyd%/*}/parleyctl --set admin.socket=$folder/node1.sock node status

Harm it:
  kill -TERM ${pid_of[node1]}    node1 drains: it sends its clients to the others
  kill -KILL ${pid_of[node1]}    node1 dies
  kill -KILL ${pid_of[redis]}    Redis dies (PostgreSQL is ${pid_of[postgres]}, HAProxy ${pid_of[haproxy]})
What ended comes back after $comes_back_after s. Logs and data are in $folder. Ctrl-C ends everything.

TEXT
}

# Each part that has ended is started again in its time.
watch_parts() {
  local part
  for part in "${parts[@]}"; do
    if is_running "$part"; then
      continue
    elif [[ -z "${ended_at[$part]-}" ]]; then
      ended_at[$part]=$SECONDS
      echo "$part has ended; it comes back in $comes_back_after s."
    elif ((SECONDS - ended_at[$part] >= comes_back_after)); then
      start_part "$part"
      unset "ended_at[$part]"
      echo "$part is started again, pid ${pid_of[$part]}."
    fi
  done
}

# signal_parts SIGNAL PART...
signal_parts() {
  local signal="$1" part
  shift
  for part in "$@"; do ! is_running "$part" || kill "-$signal" "${pid_of[$part]}" 2>/dev/null || true; done
}

# end_parts SIGNAL PART...: all at once, and waits until they are gone.
end_parts() {
  local part tries=600
  signal_parts "$@"
  for part in "${@:2}"; do
    while is_running "$part"; do
      ((--tries > 0)) || signal_parts KILL "$part"
      sleep 0.1 || true # Ctrl-C ends it
    done
  done
}

end_everything() {
  trap 'signal_parts TERM node1 node2 node3' INT TERM
  echo "Ending: the nodes drain for a few seconds; Ctrl-C again hurries them."
  end_parts TERM node1 node2 node3
  end_parts TERM haproxy redis
  end_parts INT postgres # at once; TERM would wait for whoever looks on with psql
  [[ -z "$folder_is_temporary" ]] || rm -rf "$folder"
  echo "Everything has ended."
}

read_flags "$@"
[[ -x "$parleyd" ]] || refuse "there is no $parleyd; ./dev build release parleyd makes it"
take_ports
store_url="postgresql://parley@127.0.0.1:${port_of[postgres]}/parley"
bus_url="redis://127.0.0.1:${port_of[redis]}/0"
choose_folder
trap end_everything EXIT
trap 'exit 0' INT TERM
echo "Starting PostgreSQL, Redis, three nodes and HAProxy."
for part in "${parts[@]}"; do
  start_and_wait "$part"
  [[ "$part" != postgres ]] || make_database
done
show_what_runs
while sleep 0.5; do watch_parts; done
