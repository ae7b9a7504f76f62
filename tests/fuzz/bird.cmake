# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(bird SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_bird.c LIBS gd_base)
