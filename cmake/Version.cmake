# The commit is part of every version line and of daemon.started; outside a checkout it says "unspecified".
execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} rev-parse --short=7 HEAD
  OUTPUT_VARIABLE BULKHEAD_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT BULKHEAD_COMMIT)
  set(BULKHEAD_COMMIT unspecified)
endif()
string(TOLOWER "${CMAKE_BUILD_TYPE}" BULKHEAD_BUILD_TYPE)
configure_file(${CMAKE_SOURCE_DIR}/cmake/version.hpp.in ${CMAKE_BINARY_DIR}/generated/bulkhead/version.hpp)
