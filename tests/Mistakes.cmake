# Mistakes put in on purpose: patches, each of one source, and what that source then compiles to.
add_custom_target(mistakes)

# The simulation's main function, and the precompiled header of all mistakes. Unoptimised, and without warnings, since
# unused variables and unreachable code are part of many a mistake.
parley_add_library(NAME parley_mistake_main SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/simulation/main.cpp
  LINK parley_simulation PCH ${PROJECT_SOURCE_DIR}/src/actors/pch.hpp)
target_compile_options(parley_mistake_main PRIVATE -O0 -w)
set_target_properties(parley_mistake_main PROPERTIES EXCLUDE_FROM_ALL ON EXPORT_COMPILE_COMMANDS OFF)

# The library's object has the sound source too, mostly with others beside it; what stands first counts. Where the compiler
# has made sound functions a part of these others, they must be compiled anew as well; a mistake that nobody calls is not
# found, and its test fails.
set(neighbours_of_acknowledges_before_the_commit src/actors/room_actor.cpp src/actors/room_signals.cpp)
add_library(parley_mistaken INTERFACE)
target_link_options(parley_mistaken INTERFACE -Wl,--allow-multiple-definition)

# parley_add_mistake(PATCH out): the target ${out}_objects, to be linked before the library that has the sound source.
function(parley_add_mistake PATCH OUT)
  cmake_path(GET PATCH STEM stem)
  set(name mistake_${stem})
  file(STRINGS ${PATCH} target REGEX "^\\+\\+\\+ b/" LIMIT_COUNT 1)
  string(REGEX REPLACE "^\\+\\+\\+ b/" "" path "${target}")
  cmake_path(GET path FILENAME file)
  set(mistaken ${CMAKE_CURRENT_BINARY_DIR}/${name}/${file})
  add_custom_command(OUTPUT ${mistaken}
    COMMAND patch --quiet --fuzz=0 --output=${mistaken} ${PROJECT_SOURCE_DIR}/${path} ${PATCH}
    DEPENDS ${PROJECT_SOURCE_DIR}/${path} ${PATCH} VERBATIM)
  set(neighbours ${neighbours_of_${stem}})
  list(TRANSFORM neighbours PREPEND ${PROJECT_SOURCE_DIR}/)
  add_library(${name}_objects OBJECT EXCLUDE_FROM_ALL ${mistaken} ${neighbours})
  target_compile_options(${name}_objects PRIVATE -O0 -w)
  target_link_libraries(${name}_objects PUBLIC parley_mistaken PRIVATE parley_simulation)
  target_precompile_headers(${name}_objects REUSE_FROM parley_mistake_main)
  set_target_properties(${name}_objects PROPERTIES UNITY_BUILD ${PARLEY_UNITY} EXPORT_COMPILE_COMMANDS OFF)
  set(${OUT} ${name} PARENT_SCOPE)
endfunction()

# parley_add_mistaken_daemon(NAME): bin/mistakes/parleyd_NAME, parleyd with a mistake in it.
function(parley_add_mistaken_daemon STEM)
  add_executable(parleyd_${STEM} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:parleyd>)
  target_link_libraries(parleyd_${STEM} PRIVATE mistake_${STEM}_objects parley_node CLI11::CLI11)
  set_target_properties(parleyd_${STEM} PROPERTIES LINKER_LANGUAGE CXX
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/mistakes)
  add_dependencies(mistaken_daemons parleyd_${STEM})
endfunction()
