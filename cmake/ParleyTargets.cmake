# Helpers that make a target out of a folder, so that a new file needs no edit of a list.

# parley_add_library(NAME name SOURCES file... [LINK target...] [PCH header] [CHECKED])
# A static library; an interface library of the same name while the folder has no source yet.
# CHECKED turns the standard library's own assertions on in debug builds. Not for files that see CAF 0.17:
# it dereferences an empty shared_ptr to an empty tuple for each actor without arguments.
function(parley_add_library)
  cmake_parse_arguments(arg "CHECKED" "NAME;PCH" "SOURCES;LINK" ${ARGN})
  if(NOT arg_SOURCES)
    add_library(${arg_NAME} INTERFACE)
    target_link_libraries(${arg_NAME} INTERFACE ${arg_LINK})
    return()
  endif()
  add_library(${arg_NAME} STATIC ${arg_SOURCES})
  target_link_libraries(${arg_NAME} PUBLIC ${arg_LINK} PRIVATE parley_warnings)
  if(arg_CHECKED)
    target_compile_definitions(${arg_NAME} PRIVATE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
  endif()
  if(arg_PCH)
    target_precompile_headers(${arg_NAME} PRIVATE ${arg_PCH})
  endif()
endfunction()

# parley_compile_together(TARGET target GROUP group file...)
# One translation unit for the sources of one class or one family, which mostly instantiate the same templates.
function(parley_compile_together)
  cmake_parse_arguments(arg "" "TARGET;GROUP" "" ${ARGN})
  set_target_properties(${arg_TARGET} PROPERTIES UNITY_BUILD ${PARLEY_UNITY} UNITY_BUILD_MODE GROUP)
  set_source_files_properties(${arg_UNPARSED_ARGUMENTS} PROPERTIES UNITY_GROUP ${arg_GROUP})
endfunction()

# parley_add_program(NAME name SOURCES file... [LINK target...])
function(parley_add_program)
  cmake_parse_arguments(arg "" "NAME" "SOURCES;LINK" ${ARGN})
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_link_libraries(${arg_NAME} PRIVATE ${arg_LINK} parley_warnings)
endfunction()
