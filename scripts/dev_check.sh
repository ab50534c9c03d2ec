# How ./dev checks format, includes and clang-tidy; sourced, needs $root.
# shellcheck shell=bash disable=SC2154

our_cpp_files() {
  local folder
  for folder in include src tests bench; do
    [[ ! -d "$root/$folder" ]] || find "$root/$folder" -name node_modules -prune -o -type f \( -name '*.cpp' -o -name '*.hpp' \) -print
  done | sort
}

# Another major version formats a little differently; only 14 decides.
find_clang_format() {
  local program
  for program in clang-format-14 clang-format; do
    if command -v "$program" >/dev/null && "$program" --version | grep -q 'version 14\.'; then
      echo "$program"
      return
    fi
  done
  return 1
}

format_files() {
  local program
  "$root/scripts/install_dependencies.sh" --check
  program="$(find_clang_format)" || { echo "./dev format needs clang-format 14" >&2; return 1; }
  our_cpp_files | xargs -r "$program" -i
}

check_format() {
  local program
  if ! program="$(find_clang_format)"; then
    echo "Format: not checked, because clang-format 14 is not here (Debian 12 has it)."
    return 0
  fi
  if ! our_cpp_files | xargs -r "$program" --dry-run -Werror; then
    echo "Format: differs. './dev format' mends it."
    return 1
  fi
  echo "Format: fine."
}

# The commit to compare with: where this branch left origin/main, else the one before; nothing in a first commit.
base_commit() {
  local base
  if base="$(git -C "$root" merge-base HEAD origin/main 2>/dev/null)" &&
    [[ "$base" != "$(git -C "$root" rev-parse HEAD)" ]]; then
    echo "$base"
  else
    git -C "$root" rev-parse --verify --quiet 'HEAD~1' || true
  fi
}

changed_cpp_files() {
  local base
  if ! git -C "$root" rev-parse --git-dir >/dev/null 2>&1; then
    our_cpp_files
    return
  fi
  base="$(base_commit)"
  if [[ -z "$base" ]]; then
    our_cpp_files
    return
  fi
  {
    git -C "$root" diff --name-only --diff-filter=d "$base"
    git -C "$root" ls-files --others --exclude-standard
  } | grep -E '^(include|src|tests|bench)/.*\.(cpp|hpp)$' | grep -v '/node_modules/' | sed "s|^|$root/|" | sort -u || true
}

# Sources among the arguments, and for each header the source of its name, else one that includes it.
sources_to_analyse() {
  local file name source
  for file in "$@"; do
    if [[ "$file" == *.cpp ]]; then
      echo "$file"
      continue
    fi
    name="$(basename "$file" .hpp)"
    source="$(our_cpp_files | grep -E "/$name\.cpp$" | head -n 1 || true)"
    if [[ -z "$source" ]]; then
      source="$(our_cpp_files | grep '\.cpp$' | xargs -r grep -lE "^#include \"([^\"]*/)?$name\.hpp\"" | head -n 1 || true)"
    fi
    [[ -z "$source" ]] || echo "$source"
  done | sort -u
}

# Files that this build does not compile (the benchmarks of a folder not yet built, say) have no compile command.
with_compile_command() {
  local file
  while read -r file; do
    grep -qF "\"file\": \"$file\"" "$root/build/tidy/compile_commands.json" && echo "$file"
  done || true
}

# tidy FILE...
tidy() {
  local sources program
  (cd "$root" && cmake --preset tidy >/dev/null)
  sources="$(sources_to_analyse "$@" | with_compile_command)"
  if [[ -z "$sources" ]]; then
    echo "clang-tidy: nothing to analyse."
    return 0
  fi
  program="$(command -v clang-tidy-14 || command -v clang-tidy)"
  echo "clang-tidy: $(wc -l <<<"$sources") source(s)."
  if ! xargs -r -n 1 -P "$(build_jobs)" "$program" -p "$root/build/tidy" --quiet --extra-arg=-Wno-unknown-warning-option \
    2> >(grep -vE 'warnings? (generated|treated)|^Suppressed|^Use -header-filter' >&2) <<<"$sources"; then
    echo "clang-tidy: found something."
    return 1
  fi
  echo "clang-tidy: fine."
}

run_tidy_whole_tree() {
  "$root/scripts/install_dependencies.sh" --check
  our_cpp_files | { mapfile -t files; tidy "${files[@]}"; }
}

run_checks() {
  local failed=0 files
  "$root/scripts/install_dependencies.sh" --check
  check_format || failed=1
  "$root/scripts/check_includes.sh" || failed=1
  mapfile -t files < <(changed_cpp_files)
  if ((${#files[@]} == 0)); then
    echo "clang-tidy: no C++ file changed."
  else
    tidy "${files[@]}" || failed=1
  fi
  if ((failed)); then
    echo "Checks failed."
    return 1
  fi
  echo "All checks passed."
}
