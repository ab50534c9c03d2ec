#!/usr/bin/env bash
# Installs the Debian packages (12 or 13) that Parley needs and that are missing, and says which and why.
# Usage: install_dependencies.sh [--mistakes] [--test] [--postgres] [--redis] [--cluster] [--browser] [--sanitize] [--check] [--micro] [--bench] [--peers] [--all]; without a flag, what a build needs.
set -euo pipefail

# One line a need: group, package (names split by | are alternatives, the first that this Debian knows is taken), why.
needs() {
  cat <<'LIST'
build g++ the compiler
build cmake the build description
build ninja-build runs the build
build pkg-config finds libsodium, prometheus-cpp and others
build ccache makes the second build fast
build libboost1.81-dev|libboost1.83-dev|libboost-dev Asio and Beast: sockets, HTTP, WebSocket
build libboost-json1.81-dev|libboost-json1.83-dev|libboost-json-dev writes JSON
build libboost-url1.81-dev|libboost-url1.83-dev|libboost-url-dev reads request targets
build libcaf-dev the actor framework
build libssl-dev TLS
build libsqlite3-dev the embedded store
build libpq-dev PostgreSQL as the store
build libhiredis-dev the bus between nodes
build libsimdjson-dev reads JSON frames
build liburing-dev many sends in one system call
build libjemalloc-dev the daemon's allocator
build libsodium-dev password hashes and tokens
build libutf8proc-dev what one character is
build libspdlog-dev structured logs
build libfmt-dev text formatting
build libtomlplusplus-dev reads parley.toml
build prometheus-cpp-dev metrics
build libcli11-dev the command line
build libgtest-dev unit tests
build libgmock-dev matchers of the unit tests
mistakes patch puts the mistakes in that tests must find
micro libbenchmark-dev the micro-benchmarks
bench nodejs keeps what was measured, with the machine and the commit
peers nats-server measured beside Parley, with and without JetStream
peers mosquitto measured beside Parley
peers ejabberd measured beside Parley
peers erlang-p1-pgsql the archive of ejabberd
peers postgresql keeps that archive and Parley's messages, in servers of their own
peers nodejs runs Socket.IO
peers npm fetches Socket.IO
postgres postgresql the tests start a server of their own with it (the one that Debian starts is not used)
postgres openssl makes the certificate of the test of encrypted connections
redis redis-server the tests start a server of their own with it (the one that Debian starts is not used)
cluster postgresql keeps the data of ./dev cluster, in a server of its own
cluster redis-server the bus of ./dev cluster, a server of its own
cluster haproxy stands in front of the nodes
cluster curl sees whether they are ready
test nodejs runs the system tests
test npm fetches what the system tests need
test openssl makes certificates for the TLS tests
test curl runs the scripts of docs/examples
test haproxy the tests of config/cluster
test nginx-light the tests of config/cluster
test sqlite3 looks into the stores of the tests of files
browser chromium the browser tests
browser fonts-dejavu-core text in the browser tests
sanitize clang builds for sanitizers and fuzzing
sanitize libclang-rt-14-dev|libclang-rt-19-dev|libclang-rt-dev the sanitizers' run-time
check clang the parser's headers
check clang-format|clang-format-14 the format check
check clang-tidy|clang-tidy-14 static analysis
check git finds what changed
LIST
}

groups=" build "
for argument in "$@"; do
  case "$argument" in
    --mistakes) groups+="mistakes " ;;
    --test) groups+="test " ;;
    --postgres) groups+="postgres " ;;
    --redis) groups+="redis " ;;
    --cluster) groups+="cluster " ;;
    --browser) groups+="test browser " ;;
    --sanitize) groups+="sanitize " ;;
    --check) groups+="check " ;;
    --micro) groups+="micro " ;;
    --bench) groups+="micro bench " ;;
    --peers) groups+="peers " ;;
    --all) groups+="mistakes test postgres redis cluster browser sanitize check micro bench peers " ;;
    -h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
    *) echo "install_dependencies.sh: unknown flag $argument" >&2; exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "This is not Debian. Parley needs the equivalents of these packages; the build will name what it cannot find:"
  needs | while read -r group package why; do
    [[ "$groups" == *" $group "* ]] && echo "  ${package%%|*}: $why"
  done || true
  exit 0
fi

is_installed() {
  [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

# A program that came from elsewhere is as good as Debian's.
is_satisfied() {
  local name
  case "$1" in
    nginx-light) command -v nginx >/dev/null && return 0 ;;
    haproxy) command -v haproxy >/dev/null && return 0 ;;
    nodejs) command -v node >/dev/null && return 0 ;;
    npm) command -v npm >/dev/null && return 0 ;;
    git | ccache | cmake | openssl | curl | nats-server | mosquitto) command -v "$1" >/dev/null && return 0 ;;
    ninja-build) command -v ninja >/dev/null && return 0 ;;
  esac
  for name in ${1//|/ }; do
    is_installed "$name" && return 0
  done
  return 1
}

missing=()
reasons=()
while read -r group package why; do
  [[ "$groups" == *" $group "* ]] || continue
  is_satisfied "$package" && continue
  [[ " ${missing[*]-} " == *" $package "* ]] && continue
  missing+=("$package")
  reasons+=("$why")
done < <(needs)

((${#missing[@]} == 0)) && exit 0

echo "Parley needs ${#missing[@]} Debian package(s) that are not here:"
for index in "${!missing[@]}"; do
  printf '  %-24s %s\n' "${missing[$index]%%|*}" "${reasons[$index]}"
done

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "Installing needs root, and sudo is not here. As root, run: $0 $*" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "Installing them with apt-get."
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q)
"${apt[@]}" update </dev/null

chosen=()
for package in "${missing[@]}"; do
  pick=""
  for name in ${package//|/ }; do
    if apt-cache show "$name" >/dev/null 2>&1; then
      pick="$name"
      break
    fi
  done
  if [[ -z "$pick" ]]; then
    echo "No package source of this machine offers ${package//|/ or }. Parley is built for Debian 12 and 13." >&2
    exit 1
  fi
  chosen+=("$pick")
done

# Debian starts a service together with its package, and at each boot. Nobody asked for that here: whoever needs a server
# starts one. What was installed before is left as it is.
policy=/usr/sbin/policy-rc.d
services=()
for package in "${chosen[@]}"; do
  case "$package" in
    postgresql | redis-server | haproxy | nats-server | mosquitto) services+=("$package") ;;
    ejabberd) services+=(ejabberd epmd.socket epmd) ;;
    nginx-light) services+=(nginx) ;;
  esac
done
if ((${#services[@]} > 0)) && [[ ! -e "$policy" ]]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  # shellcheck disable=SC2016 # $1 is that of the script that is written
  printf '#!/bin/sh\ncase "$1" in postgresql*|redis*|haproxy*|nginx*|nats*|mosquitto*|ejabberd*|epmd*) exit 101 ;; esac\n' |
    "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
"${apt[@]}" install -y --no-install-recommends "${chosen[@]}" </dev/null
if ((${#services[@]} > 0)) && command -v systemctl >/dev/null; then
  "${as_root[@]}" systemctl disable --quiet "${services[@]}" || true
fi
