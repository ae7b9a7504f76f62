/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/load/merge.h"

#include <stdlib.h>
#include <string.h>

struct gd_merge_slot {
	struct gd_interval iv; /* owned */
	size_t n;              /* parts in it */
	struct gd_merge_slot *next;
};

static void slot_take(struct gd_merge_slot **at, struct gd_interval *ret)
{
	struct gd_merge_slot *s = *at;

	*at = s->next;
	*ret = s->iv;
	free(s);
}

void gd_merge_fini(struct gd_merge *m)
{
	struct gd_interval iv;

	while (gd_merge_flush(m, &iv))
		gd_interval_fini(&iv);
}

int gd_merge_add(struct gd_merge *m, struct gd_interval *iv, struct gd_interval *ret)
{
	struct gd_merge_slot **at = &m->head;

	while (*at && ((*at)->iv.index != iv->index ||
		       strcmp((*at)->iv.client, iv->client) != 0))
		at = &(*at)->next;
	if (*at) {
		gd_interval_join(&(*at)->iv, iv);
		gd_interval_fini(iv);
	} else {
		*at = calloc(1, sizeof(**at));
		if (!*at) {
			gd_interval_fini(iv);
			return -1;
		}
		(*at)->iv = *iv;
	}
	if (++(*at)->n < m->n_parts)
		return 0;
	slot_take(at, ret);
	return 1;
}

bool gd_merge_flush(struct gd_merge *m, struct gd_interval *ret)
{
	if (!m->head)
		return false;
	slot_take(&m->head, ret);
	return true;
}
