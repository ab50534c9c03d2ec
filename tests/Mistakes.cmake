# Mistakes put in on purpose: patches, each of one source, and what that source then compiles to.
add_custom_target(mistakes)

# The simulation's main function, and the precompiled header of all mistakes. Unoptimised, and without warnings, since
# unused variables and unreachable code are part of many a mistake.
parley_add_library(NAME parley_mistake_main SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/simulation/main.cpp
  LINK parley_simulation PCH ${PROJECT_SOURCE_DIR}/src/actors/pch.hpp)
target_compile_options(parley_mistake_main PRIVATE -O0 -w)
set_target_properties(parley_mistake_main PROPERTIES EXCLUDE_FROM_ALL ON EXPORT_COMPILE_COMMANDS OFF)

function(parley_library_of PATH LIBRARY)
  get_target_property(bus parley_simulated_bus SOURCES)
  if(${PROJECT_SOURCE_DIR}/${PATH} IN_LIST bus)
    set(${LIBRARY} parley_simulated_bus PARENT_SCOPE)
  elseif(PATH MATCHES "^src/actors/")
    set(${LIBRARY} parley_actors PARENT_SCOPE)
  elseif(PATH MATCHES "^src/store/")
    set(${LIBRARY} parley_store PARENT_SCOPE)
  else()
    set(${LIBRARY} parley_simulation PARENT_SCOPE)
  endif()
endfunction()

# The other sources that stand in one object file with PATH, as absolute paths, where these call each other's functions: the
# compiler has seen the sound ones, and what it knows of them (inlined, or which registers they leave alone) must not
# meet mistaken ones. One actor and the next only spawn each other.
function(parley_sources_beside PATH OUT)
  parley_library_of(${PATH} library)
  get_target_property(folder ${library} SOURCE_DIR)
  get_target_property(sources ${library} SOURCES)
  get_source_file_property(group ${PROJECT_SOURCE_DIR}/${PATH} TARGET_DIRECTORY ${library} UNITY_GROUP)
  set(beside "")
  if(group MATCHES "^(directory|workers)$")
    set(${OUT} "" PARENT_SCOPE)
    return()
  endif()
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder})
    get_source_file_property(other ${source} TARGET_DIRECTORY ${library} UNITY_GROUP)
    if(library STREQUAL parley_simulation OR (group AND other STREQUAL group))
      list(APPEND beside ${source})
    endif()
  endforeach()
  list(REMOVE_ITEM beside ${PROJECT_SOURCE_DIR}/${PATH})
  set(${OUT} ${beside} PARENT_SCOPE)
endfunction()

# The library's object has the sound source too, with others beside it; what stands first counts.
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
  parley_sources_beside(${path} beside)
  add_library(${name}_objects OBJECT EXCLUDE_FROM_ALL ${mistaken} ${beside})
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
