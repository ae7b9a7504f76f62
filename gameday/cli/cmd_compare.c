/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/cli/cmd.h"
#include "gameday/report/compare.h"
#include "gameday/report/rundir.h"

extern const struct gd_cmd gd_cmd_compare;

struct options {
	char *format;
	bool json;
};

static const struct gd_field fields[] = {
	{.name = "format",
	 .help = "print a page: md or html",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 10,
	 GD_MEMBER(struct options, format)},
	GD_CLI_JSON(struct options),
};

static int add_run(struct gd_compare_side *side, const char *name, struct gd_error *err)
{
	GD_AUTO_FREE char *dir = NULL;

	if (side->n == GD_COMPARE_MAX_RUNS)
		return gd_raise(err, GD_E_INPUT, "more than %d runs on one side",
				GD_COMPARE_MAX_RUNS);
	if (gd_rundir_find(name, &dir, err) < 0 ||
	    gd_report_load(dir, &side->runs[side->n], err) < 0)
		return -1;
	side->n++;
	return 0;
}

static bool has_vs(const struct gd_cmd_args *args)
{
	for (size_t i = 0; i < args->n_operands; i++)
		if (strcmp(args->operands[i], "vs") == 0)
			return true;
	return false;
}

/* Each run is a side of its own, or with "vs" what stands between those. */
static int load_sides(const struct gd_cmd_args *args, struct gd_comparison *c,
		      struct gd_error *err)
{
	bool grouped = has_vs(args), next = true;

	for (size_t i = 0; i < args->n_operands; i++) {
		bool is_vs = strcmp(args->operands[i], "vs") == 0;

		if (is_vs && next)
			return gd_raise(err, GD_E_INPUT, "no run before \"vs\"");
		if (is_vs) {
			next = true;
			continue;
		}
		if (next && c->n_sides == GD_COMPARE_MAX_SIDES)
			return gd_raise(err, GD_E_INPUT, "more than %d sides to compare",
					GD_COMPARE_MAX_SIDES);
		c->n_sides += next;
		if (add_run(&c->sides[c->n_sides - 1], args->operands[i], err) < 0)
			return -1;
		next = !grouped;
	}
	if (grouped && next)
		return gd_raise(err, GD_E_INPUT, "no run after \"vs\"");
	return 0;
}

static int write_page(const struct gd_comparison *c, bool html, struct gd_strbuf *out,
		      struct gd_error *err)
{
	GD_AUTO(gd_doc)
	struct gd_doc *d =
		html ? gd_doc_html_new(out, "Runs compared") : gd_doc_md_new(out);

	if (!d)
		return gd_raise_nomem(err);
	gd_comparison_doc(c, d);
	return gd_doc_finish(d, err);
}

static int print(const struct options *o, const struct gd_comparison *c,
		 struct gd_error *err)
{
	GD_AUTO_STRBUF(out);
	int rc = 0;

	if (o->json)
		rc = gd_comparison_json(c, &out, err);
	else if (o->format)
		rc = write_page(c, strcmp(o->format, "html") == 0, &out, err);
	else
		gd_comparison_text(c, &out);
	if (rc < 0)
		return -1;
	if (out.failed)
		return gd_raise_nomem(err);
	(void)fputs(gd_strbuf_str(&out), stdout);
	return c->worse ? GD_EXIT_EXPECTATION : GD_EXIT_HELD;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const struct options *o = args->options;
	struct gd_comparison c = {0};
	int rc = -1;

	if (o->json && o->format)
		return gd_raise(err, GD_E_INPUT,
				"--json, --format: only one of them at a time");
	if (o->format && strcmp(o->format, "md") != 0 && strcmp(o->format, "html") != 0)
		return gd_raise(err, GD_E_INPUT,
				"there is no format %s of a comparison: md or html",
				o->format);
	if (load_sides(args, &c, err) == 0 && gd_comparison_make(&c, err) == 0)
		rc = print(o, &c, err);
	gd_comparison_fini(&c);
	return rc;
}

const struct gd_cmd gd_cmd_compare = {
	.name = "compare",
	.synopsis = "RUN RUN... | RUN... vs RUN... [--json | --format md|html]",
	.summary = "runs side by side, and which differences are more than noise",
	.details =
		"The first run is what the others are compared with. Each RUN is a directory, a\n"
		"name under runs/, or latest. With vs between them, several runs of one kind are\n"
		"one side, and differences are judged against what differs from run to run: five\n"
		"on each side are enough. Else they are judged against what differs from interval\n"
		"to interval within the runs. Which test, and what it takes for granted, stands\n"
		"below the figures. The exit status is 1 when something is worse by more than\n"
		"noise.",
	.example = "gameday compare 20261127T090000Z-silent-nic-drops latest",
	.options = GD_SHAPE("compare", fields, struct options),
	.min_operands = 2,
	.max_operands = 100,
	.run = run,
};
