# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(ssh_config SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_ssh_config.c
	LIBS gd_remote PkgConfig::SSH2)
