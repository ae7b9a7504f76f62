/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/cli/cmd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int gd_cli_agree(bool yes, const char *what, struct gd_error *err)
{
	char answer[16] = "";

	if (yes)
		return 0;
	if (!isatty(STDIN_FILENO))
		return gd_raise(err, GD_E_INPUT,
				"not confirmed: add --yes where nobody can answer");
	(void)printf("%s\nDo this? Type yes: ", what);
	(void)fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin) || strcmp(answer, "yes\n") != 0)
		return gd_raise(err, GD_E_INPUT, "not confirmed: nothing was done");
	return 0;
}

int gd_cmd_exit_status(const struct gd_error *err)
{
	switch (err->code) {
	case GD_OK:
		return GD_EXIT_HELD;
	case GD_E_INPUT:
		return GD_EXIT_USAGE;
	case GD_E_ABORTED:
		return GD_EXIT_ABORTED;
	case GD_E_LEFT_BEHIND:
		return GD_EXIT_LEFT_BEHIND;
	case GD_E_REFUSED:
	case GD_E_SYSTEM:
	case GD_E_REMOTE:
	case GD_E_TIMEOUT:
	case GD_E_DRIFT:
	case GD_E_NOMEM:
	case GD_E_BUG:
		break;
	}
	return GD_EXIT_PREFLIGHT;
}
