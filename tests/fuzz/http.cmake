# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(http SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_http.c LIBS gd_load)
