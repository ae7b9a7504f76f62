/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/main.h"

#include "injectors/ports/linux.h"

int main(int argc, char **argv)
{
	struct gd_ports ports;

	gd_ports_linux(&ports);
	return gd_agent_main(argc, argv, &ports);
}
