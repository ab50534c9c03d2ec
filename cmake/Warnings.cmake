# Target parley_warnings: the warnings of our own code. Library headers are system headers and stay quiet.
# GCC 12 reports optional<string> as uninitialized and string concatenation as overlapping, both wrongly, once
# it inlines; clang and the sanitizers watch these.
add_library(parley_warnings INTERFACE)
target_compile_options(parley_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict>
  $<$<BOOL:${PARLEY_WERROR}>:-Werror>)
