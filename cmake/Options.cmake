# What a preset may switch. Warnings are errors everywhere; sanitizers and fuzzers are presets, not forks of the build.
# Off in the release preset: who installs needs neither GoogleTest nor the time, and the unit tests run sanitized.
option(BULKHEAD_TESTS "Build the unit tests" ON)
option(BULKHEAD_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
set(BULKHEAD_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them: address,undefined or thread")

add_library(bulkhead_options INTERFACE)
target_compile_options(bulkhead_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror
  # GCC 12 reports these inside libstdc++ and nlohmann/json at -O2, where nothing is wrong.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow
                           -Wno-array-bounds -Wno-dangling-pointer>)
if(BULKHEAD_SANITIZE)
  target_compile_options(bulkhead_options INTERFACE
    -fsanitize=${BULKHEAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(bulkhead_options INTERFACE -fsanitize=${BULKHEAD_SANITIZE})
endif()
if(BULKHEAD_FUZZ)
  target_compile_options(bulkhead_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Where the installed tree keeps what the binaries find relative to themselves (sdk/include/bulkhead/install.hpp).
set(BULKHEAD_LIBEXEC ${CMAKE_INSTALL_LIBEXECDIR}/bulkhead)
set(BULKHEAD_PLUGINS ${CMAKE_INSTALL_LIBEXECDIR}/bulkhead/plugins)
set(BULKHEAD_SHARE share/bulkhead)

# The build tree has the same shape as the installed one, so that binaries find each other in both.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(BULKHEAD_BUILD_LIBEXEC ${CMAKE_BINARY_DIR}/${BULKHEAD_LIBEXEC})
set(BULKHEAD_BUILD_PLUGINS ${CMAKE_BINARY_DIR}/${BULKHEAD_PLUGINS})
set(BULKHEAD_BUILD_SHARE ${CMAKE_BINARY_DIR}/${BULKHEAD_SHARE})
