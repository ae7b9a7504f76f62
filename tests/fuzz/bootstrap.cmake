# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(bootstrap SOURCES ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_bootstrap.c LIBS gd_remote)
