# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(condition SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_condition.c LIBS gd_scenario)
