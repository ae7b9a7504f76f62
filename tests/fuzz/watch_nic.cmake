# SPDX-License-Identifier: Apache-2.0
gd_fuzz_target(watch_nic SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_watch_nic.c LIBS gd_watch)
foreach(call send recv ioctl if_nametoindex)
	target_link_options(fuzz_watch_nic PRIVATE -Wl,--wrap=${call})
endforeach()
