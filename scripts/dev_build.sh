# How ./dev configures and builds; sourced, needs $root.
# shellcheck shell=bash disable=SC2154

# A Beast source takes about 1.5 GB to compile, so memory bounds the jobs as well as cores do.
build_jobs() {
  local cores memory_kib by_memory
  cores="$(nproc)"
  memory_kib="$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo 2>/dev/null || true)"
  by_memory=$((${memory_kib:-4000000} / 1500000))
  ((by_memory >= 1)) || by_memory=1
  echo "${PARLEY_JOBS:-$((cores < by_memory ? cores : by_memory))}"
}

# build_preset PRESET [TARGET...]
build_preset() {
  local preset="$1"
  local folder="$root/build/$preset"
  shift
  if [[ ! -f "$folder/build.ninja" ]]; then
    (cd "$root" && cmake --preset "$preset")
  fi
  local targets=()
  (($# == 0)) || targets=(--target "$@")
  cmake --build "$folder" --parallel "$(build_jobs)" "${targets[@]}"
}
