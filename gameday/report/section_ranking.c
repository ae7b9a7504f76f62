/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy helped: the clients of each load under each fault, best first. */
#include "gameday/report/ranking.h"
#include "gameday/report/section.h"

static void write_rows(const struct gd_ranking *k, struct gd_doc *d)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct gd_ranked *c = &k->at[i];
		GD_AUTO_STRBUF(cost);

		gd_ranking_cost(&c->stats, &cost);
		gd_doc_begin(d, GD_DOC_ROW);
		gd_doc_cellf(d, "%zu%s", c->rank, gd_ranking_is_shared(k, i) ? "=" : "");
		gd_doc_cell(d, c->client);
		gd_section_value(d, c->stats.success, GD_UNIT_RATIO);
		gd_section_value(d, c->stats.p50, GD_UNIT_DURATION);
		gd_section_value(d, c->stats.p99, GD_UNIT_DURATION);
		gd_section_value(d, c->stats.goodput, GD_UNIT_FREQ);
		gd_section_value(d, c->stats.attempts_per_request, GD_UNIT_COUNT);
		gd_doc_cell(d, gd_strbuf_str(&cost));
		gd_doc_end(d, GD_DOC_ROW);
	}
}

static void write_ranking(const struct gd_ranking *k, struct gd_doc *d)
{
	static const struct gd_doc_column columns[] = {
		{"rank", GD_DOC_RIGHT},
		{"client", GD_DOC_LEFT},
		{"success", GD_DOC_RIGHT},
		{"p50", GD_DOC_RIGHT},
		{"p99", GD_DOC_RIGHT},
		{"goodput", GD_DOC_RIGHT},
		{"attempts per request", GD_DOC_RIGHT},
		{"what it cost", GD_DOC_LEFT},
	};
	GD_AUTO_STRBUF(sentence);

	gd_ranking_say(k, &sentence);
	gd_doc_paraf(d, "%s.", gd_strbuf_str(&sentence));
	gd_doc_table(d, "Clients, best first", columns, GD_N_ELEMS(columns));
	write_rows(k, d);
	gd_doc_table_end(d);
}

void gd_section_ranking(const struct gd_report *r, struct gd_doc *d)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_ranking k;
	size_t i = 0, n = 0;
	int got;

	while ((got = gd_ranking_next(r->results, &i, &k, &err)) == 1) {
		if (n++ == 0)
			gd_doc_heading(d, 2, "ranking", "Which policy helped");
		write_ranking(&k, d);
	}
	if (got < 0)
		gd_doc_para(d, err.text);
	if (n > 0)
		gd_doc_para(
			d,
			"Best first: by success, then by p99. All had the same arrivals "
			"at the same time. Clients share a rank (=) when a signed-rank "
			"test of their figures second by second (Wilcoxon's) finds no "
			"difference that chance would make less often than once in a "
			"hundred times; with fewer than eight seconds in which they "
			"differ it can't find one.");
}
