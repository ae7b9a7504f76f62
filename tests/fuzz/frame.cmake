# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(frame SOURCES ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_frame.c LIBS gd_wire)
