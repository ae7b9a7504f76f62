# SPDX-License-Identifier: Apache-2.0
if(TARGET gd_agent)
	gd_fuzz_target(undo SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_undo.c LIBS gd_agent)
endif()
