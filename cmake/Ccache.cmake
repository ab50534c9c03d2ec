# Uses ccache when it is installed; the sloppiness is what ccache asks for with precompiled headers. In depend mode it
# takes the headers from the compiler's -MD, so that a first build does not preprocess everything twice.
option(PARLEY_USE_CCACHE "Compile through ccache when it is installed" ON)
find_program(PARLEY_CCACHE ccache)
mark_as_advanced(PARLEY_CCACHE)
if(PARLEY_USE_CCACHE AND PARLEY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_DEPEND=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${PARLEY_CCACHE})
endif()

if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()
