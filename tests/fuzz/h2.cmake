# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(h2 SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_h2.c LIBS gd_load)
