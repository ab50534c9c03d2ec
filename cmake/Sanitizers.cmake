# Turns PARLEY_SANITIZE into flags for everything we compile; tests/fuzz adds coverage to what it reaches.
if(PARLEY_SANITIZE)
  add_compile_options(-fsanitize=${PARLEY_SANITIZE} -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=${PARLEY_SANITIZE})
  if(PARLEY_SANITIZE MATCHES "undefined")
    # Not the dynamic type of an object at each call of a member: a third of the time to compile actors, for what the
    # address sanitizer mostly sees, since it is dead objects that have another.
    add_compile_options(-fno-sanitize=vptr -fno-sanitize-recover=undefined)
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
