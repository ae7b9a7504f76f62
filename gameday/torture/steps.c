/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "gameday/torture/trial.h"

static void add(struct gd_step *steps, size_t *n, enum gd_when when, int line,
		const char *word, const char *kind)
{
	struct gd_step *s = &steps[(*n)++];

	*s = (struct gd_step){.when = when, .line = line, .word = word};
	(void)snprintf(s->name, sizeof(s->name), "%s%s%s", word, kind ? "-" : "",
		       kind ? kind : "");
}

size_t gd_steps_list(const struct gd_bed *b, struct gd_step ret[GD_MAX_STEPS])
{
	size_t n = 0;
	int line = 0;

	add(ret, &n, GD_WHEN_READY, 0, "ready", NULL);
	add(ret, &n, GD_WHEN_ASKED, 0, "asked", NULL);
	for (size_t i = 0; i < b->n_faults; i++) {
		add(ret, &n, GD_WHEN_HOST_LINE, ++line, "open", b->kinds[i]);
		add(ret, &n, GD_WHEN_HOST_LINE, ++line, "active", b->kinds[i]);
	}
	add(ret, &n, GD_WHEN_HELD, 0, "held", NULL);
	add(ret, &n, GD_WHEN_UNDOING, 0, "undoing", NULL);
	for (size_t i = b->n_faults; i-- > 0;)
		add(ret, &n, GD_WHEN_HOST_LINE, ++line, "clean", b->kinds[i]);
	add(ret, &n, GD_WHEN_RECOVERY, 0, "recovery", NULL);
	return n;
}
