# How ./dev runs tests and fuzz targets, and the summary at the end; sourced, needs $root.
# shellcheck shell=bash disable=SC2154

test_summary=()
test_failed=()

# test_step NAME COMMAND... runs the command, keeps what it prints and remembers how it ended.
test_step() {
  local name="$1" start=$SECONDS log="$root/build/logs/${1//[^a-z0-9]/-}.log"
  shift
  echo
  echo "== $name"
  mkdir -p "${log%/*}"
  if "$@" 2>&1 | tee "$log"; then
    test_summary+=("passed   $name ($((SECONDS - start)) s)")
  else
    test_summary+=("FAILED   $name ($((SECONDS - start)) s): build/logs/${log##*/}")
    test_failed+=("$log")
  fi
}

skip_step() {
  test_summary+=("skipped  $1: $2")
}

# What failed comes last, since CI's viewers show the end of a log.
print_summary() {
  local log
  echo
  echo "== Summary"
  printf '%s\n' "${test_summary[@]}"
  if ((${#test_failed[@]} == 0)); then
    echo "All tests that ran passed."
    return
  fi
  echo "Some tests failed."
  for log in "${test_failed[@]}"; do
    [[ -f "$log" ]] || continue
    echo
    echo "-- the failures and the end of $log"
    grep -nE '\*\*\*Failed|\[  FAILED  \]|Does not hold|ERROR: |SUMMARY: |^ *✖|^not ok|Failure$' "$log" | cut -c1-300 | head -40 || true
    tail -n 40 "$log" | cut -c1-300
  done
  return 1
}

install_node_modules() {
  local stamp="$root/tests/node_modules/.package-lock.json"
  if [[ ! -f "$stamp" || "$root/tests/package-lock.json" -nt "$stamp" ]]; then
    (cd "$root/tests" && npm ci --no-audit --no-fund </dev/null)
  fi
}

# Side by side: most of the time they wait, for faults to be over most of all. Those for which times count have the machine
# for themselves (RUN_SERIAL).
run_ctest() {
  local status=0 jobs
  jobs="$(nproc)"
  [[ "$2" != fault ]] || jobs=$((jobs + 1))
  ctest --test-dir "$1" --build-config "$2" --parallel "$jobs" --output-on-failure --no-tests=error \
    --label-regex "$2" </dev/null || status=$?
  # Counted as passed; so say what was not tested, and why.
  grep -A1 ': Skipped$' "$1/Testing/Temporary/LastTest.log" || true
  return "$status"
}

# A simulation that finds nothing is worth what it finds in a product with mistakes in it.
find_mistakes() {
  build_preset release mistakes && run_ctest "$1" mistakes
}

# With the daemons of their controls, which have mistakes in them.
find_faults() {
  build_preset "$2" mistaken_daemons && run_ctest "$1" fault
}

# run_node_group FOLDER [SCRIPT] [TITLE]: that script of tests/package.json, by default the one named like the folder.
run_node_group() {
  local name="$1" script="${2:-$1}" title="${3:-$1 tests}"
  if ! compgen -G "$root/tests/$name/*.test.mjs" >/dev/null; then
    skip_step "$title" "there are none in tests/$name"
    return
  fi
  if ! install_node_modules; then
    test_summary+=("FAILED   $title: npm ci failed")
    test_failed+=("npm ci")
    return
  fi
  test_step "$title" npm --prefix "$root/tests" run --silent "$script" </dev/null
}

run_tests() {
  local preset=release groups="" flag
  for flag in "$@"; do
    case "$flag" in
      --unit | --fault | --system | --browser) groups+=" ${flag#--} " ;;
      --asan) preset=asan-ubsan ;;
      --tsan) preset=tsan ;;
      *) echo "./dev test: unknown flag $flag" >&2; return 2 ;;
    esac
  done
  if [[ -z "$groups" ]]; then
    [[ "$preset" == release ]] && groups=" unit fault system browser " || groups=" unit "
  fi

  local install=()
  [[ "$preset" == release ]] || install+=(--sanitize)
  [[ "$groups" != *" unit "* && "$groups" != *" fault "* ]] || install+=(--mistakes)
  [[ "$preset" != release || "$groups" != *" unit "* ]] || install+=(--micro)
  [[ "$groups" == " browser " ]] || install+=(--postgres --redis)
  [[ "$groups" != *" system "* ]] || install+=(--test)
  [[ "$groups" != *" browser "* ]] || install+=(--browser)
  "$root/scripts/install_dependencies.sh" "${install[@]}"

  # Under a sanitizer most of the time is the compiler's, so nothing is built that is not run.
  if [[ "$preset" != release && "$groups" == " unit " ]]; then
    build_preset "$preset" unit_tests
  else
    build_preset "$preset"
  fi
  local folder="$root/build/$preset"
  export PARLEYD="$folder/bin/parleyd"
  export TSAN_OPTIONS="${TSAN_OPTIONS:-suppressions=$root/tests/support/tsan_suppressions.txt second_deadlock_stack=1}"
  export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
  # What tests/support/parleyd.mjs waits at most; sanitizers are several times slower.
  [[ "$preset" == release ]] || export TEST_DEADLINE_MS="${TEST_DEADLINE_MS:-60000}"

  if [[ "$groups" == *" unit "* ]]; then
    test_step "unit, actor and store tests ($preset)" run_ctest "$folder" "unit|store"
    [[ "$preset" != release ]] || test_step "seeded mistakes" find_mistakes "$folder"
  fi
  if [[ "$groups" == *" fault "* ]]; then
    if [[ -x "$folder/bin/tests/fault_tests" ]]; then
      test_step "fault tests ($preset)" find_faults "$folder" "$preset"
    else
      skip_step "fault tests" "there are none in tests/fault"
    fi
  fi
  if [[ "$groups" == *" system "* ]]; then
    run_node_group system
    run_node_group system system-postgres "system tests on PostgreSQL"
  fi
  [[ "$groups" != *" browser "* ]] || run_node_group browser
  print_summary
}

# run_fuzz_target PROGRAM SECONDS: new inputs go to the build folder, seeds stay as they are.
run_fuzz_target() {
  local name corpus seeds=()
  name="$(basename "$1")"
  corpus="$root/build/asan-ubsan/corpus/$name"
  mkdir -p "$corpus"
  [[ ! -d "$root/tests/fuzz/corpus/${name#fuzz_}" ]] || seeds=("$root/tests/fuzz/corpus/${name#fuzz_}")
  "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$corpus-" "$corpus" "${seeds[@]}" </dev/null
}

# run_fuzz_targets SECONDS NAME...: as many at once as there are cores; what each prints comes when it has ended.
run_fuzz_targets() {
  local seconds="$1" name failed=0 jobs=()
  shift
  mkdir -p "$root/build/logs"
  for name in "$@"; do
    while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n || true; done
    run_fuzz_target "$root/build/asan-ubsan/bin/fuzz/$name" "$seconds" >"$root/build/logs/$name.log" 2>&1 &
    jobs+=("$name $!")
  done
  for name in "${jobs[@]}"; do
    wait "${name#* }" || failed=1
    echo "-- ${name% *}"
    cat "$root/build/logs/${name% *}.log"
  done
  return "$failed"
}

run_fuzz() {
  if [[ ! "$1" =~ ^[1-9][0-9]*$ ]]; then
    echo "./dev fuzz: '$1' is not a number of seconds" >&2
    return 2
  fi
  if ! compgen -G "$root/tests/fuzz/fuzz_*.cpp" >/dev/null; then
    echo "./dev fuzz: there are no targets in tests/fuzz" >&2
    return 2
  fi
  "$root/scripts/install_dependencies.sh" --sanitize
  local source names=() name
  for source in "$root"/tests/fuzz/fuzz_*.cpp; do
    names+=("$(basename "$source" .cpp)")
  done
  build_preset asan-ubsan "${names[@]}"
  test_step "fuzz targets for $1 s each" run_fuzz_targets "$1" "${names[@]}"
  print_summary
}
