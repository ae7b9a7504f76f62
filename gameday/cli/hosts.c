/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/cli/hosts.h"

#include <stdio.h>
#include <stdlib.h>

#include "gameday/base/auto.h"

#include "gameday/cli/inventory.h"

int gd_cli_hosts_init(struct gd_cli_hosts *h, const char *inventory,
		      const struct gd_list *on, const struct gd_cmd_args *args,
		      struct gd_error *err)
{
	size_t n = 0, from_option = on ? on->n : 0;

	*h = (struct gd_cli_hosts){0};
	if (gd_cli_inventory_load(inventory, &h->inventory, err) < 0)
		return -1;
	h->names = calloc(from_option + args->n_operands + 1, sizeof(*h->names));
	if (!h->names) {
		gd_cli_hosts_fini(h);
		return gd_raise_nomem(err);
	}
	for (size_t i = 0; i < from_option; i++)
		h->names[n++] = GD_AT(on, struct gd_text, i)->text;
	for (size_t i = 0; i < args->n_operands; i++)
		h->names[n++] = args->operands[i];
	h->one = (struct gd_oneshot){
		.inventory = &h->inventory, .hosts = h->names, .n_hosts = n};
	return 0;
}

void gd_cli_hosts_fini(struct gd_cli_hosts *h)
{
	gd_inventory_fini(&h->inventory);
	free(h->names);
	h->names = NULL;
}

static void print_answer(const cJSON *item,
			 void (*print)(const char *host, const cJSON *answer))
{
	const char *error = gd_json_str(item, "error", NULL);

	if (error)
		(void)printf("%s\n", error);
	else
		print(gd_json_str(item, "host", "?"), item);
}

int gd_cli_hosts_ask(struct gd_cli_hosts *h, gd_cli_ask_fn *ask, bool json,
		     void (*print)(const char *host, const cJSON *answer),
		     struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *answer = NULL;
	GD_AUTO_FREE char *text = NULL;
	const cJSON *item;
	int status = ask(&h->one, &answer, err);

	if (status < 0)
		return -1;
	if (json) {
		text = gd_json_print_pretty(answer);
		if (!text)
			return gd_raise_nomem(err);
		(void)puts(text);
		return status;
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer, "hosts"))
		print_answer(item, print);
	return status;
}
