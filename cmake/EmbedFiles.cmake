# Puts files into a library as read-only bytes, each with its content type and a hash as etag.
set(PARLEY_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/generate_embedded_files.cmake)

# parley_embed_files(TARGET target NAMESPACE ns FILES file... [FUNCTION name])
# Defines `std::span<const parley::embedded_file> ns::name()`, by default `embedded_files`, sorted by path.
# The path is the file's place under the source tree with a leading slash; files of web/ stand at the root:
# web/index.html is "/index.html", docs/openapi.yaml is "/docs/openapi.yaml".
function(parley_embed_files)
  cmake_parse_arguments(arg "" "TARGET;NAMESPACE;FUNCTION" "FILES" ${ARGN})
  if(NOT arg_FUNCTION)
    set(arg_FUNCTION embedded_files)
  endif()
  set(base ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}_${arg_FUNCTION})
  list(SORT arg_FILES)
  list(JOIN arg_FILES "\n" manifest)
  file(CONFIGURE OUTPUT ${base}.manifest CONTENT "${manifest}\n" @ONLY)
  add_custom_command(
    OUTPUT ${base}.cpp
    COMMAND ${CMAKE_COMMAND} -D MANIFEST=${base}.manifest -D OUTPUT=${base}.cpp -D ROOT=${PROJECT_SOURCE_DIR}
            -D NAMESPACE=${arg_NAMESPACE} -D FUNCTION=${arg_FUNCTION} -P ${PARLEY_EMBED_SCRIPT}
    DEPENDS ${arg_FILES} ${base}.manifest ${PARLEY_EMBED_SCRIPT}
    COMMENT "Embedding files into ${arg_TARGET}"
    VERBATIM)
  target_sources(${arg_TARGET} PRIVATE ${base}.cpp)
  set_source_files_properties(${base}.cpp PROPERTIES
    SKIP_PRECOMPILE_HEADERS ON OBJECT_DEPENDS "${arg_FILES}")
endfunction()
