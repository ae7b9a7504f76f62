# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(yaml SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_yaml.c LIBS gd_scenario)
