# One place for compiler flags and for the shape of every library and test of the project.

add_library(pbl_flags INTERFACE)
target_compile_features(pbl_flags INTERFACE c_std_17)
target_compile_definitions(pbl_flags INTERFACE _GNU_SOURCE)
target_compile_options(pbl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
  -fno-math-errno -ffp-contract=off
  $<$<BOOL:${PBL_WERROR}>:-Werror>)
if(PBL_SANITIZE)
  target_compile_options(pbl_flags INTERFACE -fsanitize=${PBL_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(pbl_flags INTERFACE -fsanitize=${PBL_SANITIZE})
endif()

# pbl_library(NAME SOURCES a.c b.c [USES lib ...]): static library whose folder is its include path.
function(pbl_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;PRIVATE_USES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES C_STANDARD 17 C_EXTENSIONS ON POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_USES} PRIVATE pbl_flags ${ARG_PRIVATE_USES} m)
endfunction()

# pbl_unit_test(NAME SOURCES t.c [USES lib ...] [LABELS unit] [TIMEOUT s]): cmocka program under CTest.
function(pbl_unit_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;USES;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES C_STANDARD 17 C_EXTENSIONS ON
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_USES} pbl_flags PkgConfig::CMOCKA m)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
