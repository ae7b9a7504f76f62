/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two line files of a run directory, split at the first NUL byte: journal, then
 * metrics. Whatever they hold, the results must answer and the events must have words.
 */
#include <stdint.h>
#include <string.h>

#include "gameday/report/lines.h"
#include "gameday/report/story.h"
#include "gameday/report/text.h"
#include "gameday/results/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_journal(void *ctx, cJSON *line, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);
	GD_AUTO_STRBUF(md);

	if (gd_results_add_journal_line(ctx, line, err) < 0)
		return -1;
	gd_story_event(line, &text);
	gd_text_md(&md, gd_strbuf_str(&text));
	cJSON_Delete(line);
	return 0;
}

static int on_metrics(void *ctx, cJSON *line, struct gd_error *err)
{
	if (gd_results_add_metrics_line(ctx, line, err) < 0)
		return -1;
	cJSON_Delete(line);
	return 0;
}

static void ask(const struct gd_results *r, const char *text)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_condition c = {0};
	struct gd_verdict_item item;
	int64_t since;

	if (gd_condition_parse(text, (struct gd_pos){0}, &c, &err) < 0)
		return;
	(void)!gd_results_evaluate(r, &c, "*", &item, &err);
	(void)!gd_results_holds_for(r, &c, 0, INT64_MAX, &since, &err);
	gd_condition_fini(&c);
}

static void ask_all(const struct gd_results *r)
{
	static const struct gd_list none = {0};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_load_stats s;
	struct gd_verdict v;

	ask(r, "*.*.p99 > 2x baseline for 2s");
	ask(r, "*.nic.drops > 0");
	ask(r, "checkout.plain.errors in lossy > 2x baseline");
	(void)!gd_results_verdict(r, &none, false, &v, &err);
	for (size_t i = 0; i < gd_results_n_series(r); i++) {
		const char *load, *client;

		gd_results_series(r, i, &load, &client);
		(void)gd_results_transition(r, i);
		for (size_t k = 0; k < gd_results_n_stages(r); k++)
			(void)!gd_results_load_stats(r, load, client,
						     gd_results_stage(r, k).name, &s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nul = size ? memchr(text, '\0', size) : NULL;
	size_t journal = nul ? (size_t)(nul - text) : size;
	GD_AUTO(gd_results) struct gd_results *r = NULL;
	struct gd_error err = GD_ERROR_INIT;
	struct gd_lines lines;

	if (gd_results_new(&r, &err) < 0)
		return 0;
	if (size == 0 || gd_lines_parse(text, journal, on_journal, r, &lines, &err) < 0)
		return 0;
	if (nul &&
	    gd_lines_parse(nul + 1, size - journal - 1, on_metrics, r, &lines, &err) < 0)
		return 0;
	ask_all(r);
	return 0;
}
