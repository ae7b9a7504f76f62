# SPDX-License-Identifier: Apache-2.0
# The ports' readers over the real libnl; only what would reach the kernel is replaced.
if(TARGET gd_ports)
	gd_fuzz_target(netlink SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_netlink.c
		LIBS gd_ports PkgConfig::NLROUTE)
	foreach(call nl_connect nl_send_auto nl_recvmsgs setsockopt if_nametoindex)
		target_link_options(fuzz_netlink PRIVATE -Wl,--wrap=${call})
	endforeach()
endif()
