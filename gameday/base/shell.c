/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/base/shell.h"

#include <stddef.h>
#include <unistd.h>

/* On the stack, as exec wants texts that could be written to. */
void gd_shell_exec(const char *command, char *variable)
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char locale[] = "LC_ALL=C.UTF-8", home[] = "HOME=/";
	char *const env[] = {path, locale, home, variable, NULL};

	(void)execle("/bin/sh", "sh", "-c", command, (char *)NULL, env);
}
