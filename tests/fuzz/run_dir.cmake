# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(run_dir
	SOURCES ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_run_dir.c
	LIBS gd_report gd_results gd_scenario gd_load gd_shape gd_base)
