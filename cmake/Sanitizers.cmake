# Turns PARLEY_SANITIZE into flags for everything we compile; tests/fuzz adds coverage to what it reaches.
if(PARLEY_SANITIZE)
  add_compile_options(-fsanitize=${PARLEY_SANITIZE} -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=${PARLEY_SANITIZE})
  if(PARLEY_SANITIZE MATCHES "undefined")
    # Null pointers end in the address sanitizer anyhow, and types are looked at in each call of a member: a third of the
    # time to compile actors.
    add_compile_options(-fno-sanitize=null,vptr -fno-sanitize-recover=undefined)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      add_compile_options(-fsanitize-ignorelist=${CMAKE_CURRENT_LIST_DIR}/ubsan_ignore.txt)
    endif()
  endif()
endif()

if(PARLEY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "PARLEY_FUZZ needs clang++: libFuzzer is a part of it")
  endif()
endif()
