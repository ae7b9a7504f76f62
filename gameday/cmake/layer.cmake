# SPDX-License-Identifier: Apache-2.0
# One static library per folder. What a layer may include is what it links: the include
# path of each target is the source root, so the rule is held by tests/lint/layers, and a
# symbol from a layer that is not linked fails at link time.

# gd_layer(NAME SOURCES a.c ... LIBS gd_base ... PRIVATE_LIBS PkgConfig::X ...)
function(gd_layer name)
	cmake_parse_arguments(L "" "" "SOURCES;LIBS;PRIVATE_LIBS" ${ARGN})
	add_library(${name} STATIC ${L_SOURCES})
	target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
	target_compile_options(${name} PRIVATE ${GD_WARNINGS})
	target_link_libraries(${name} PUBLIC ${L_LIBS} PRIVATE ${L_PRIVATE_LIBS})
endfunction()

# gd_unit_test(NAME SOURCES test_x.c ... LIBS gd_base ...)
# One cmocka executable, registered with ctest under the label "unit".
function(gd_unit_test name)
	cmake_parse_arguments(T "" "" "SOURCES;LIBS" ${ARGN})
	add_executable(test_${name} ${T_SOURCES})
	target_compile_options(test_${name} PRIVATE ${GD_WARNINGS})
	target_link_libraries(test_${name} PRIVATE ${T_LIBS} cmocka)
	target_compile_definitions(test_${name} PRIVATE
		GD_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
	add_test(NAME unit.${name} COMMAND test_${name})
	set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 60)
endfunction()

# gd_fuzz_target(NAME SOURCES fuzz_x.c LIBS ...)
# With clang and -DGD_FUZZ=ON a libFuzzer binary; else the same source with a plain main()
# that replays tests/fuzz/corpus/NAME, registered with ctest under the label "fuzz".
option(GD_FUZZ "build libFuzzer targets (clang)" OFF)
function(gd_fuzz_target name)
	cmake_parse_arguments(F "" "" "SOURCES;LIBS" ${ARGN})
	if(GD_FUZZ)
		add_executable(fuzz_${name} ${F_SOURCES})
		target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
		target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
	else()
		add_executable(fuzz_${name} ${F_SOURCES} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.c)
		add_test(NAME fuzz.${name}
			COMMAND fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
		set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 60)
	endif()
	target_compile_options(fuzz_${name} PRIVATE ${GD_WARNINGS})
	target_link_libraries(fuzz_${name} PRIVATE ${F_LIBS})
endfunction()
