/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/cli/cmd.h"
#include "gameday/report/compare.h"
#include "gameday/report/rundir.h"

extern const struct gd_cmd gd_cmd_compare;

struct options {
	char *format, *output;
	bool json;
};

static const struct gd_field fields[] = {
	{.name = "format",
	 .help = "print a page: md or html",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 10,
	 GD_MEMBER(struct options, format)},
	{.name = "output",
	 .help = "write compare.html, compare.md with its charts, and compare.json there",
	 .kind = GD_KIND_TEXT,
	 .min = 1,
	 .max = 4096,
	 GD_MEMBER(struct options, output)},
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

/* The charts that a Markdown page links to. */
static int write_charts(const struct gd_doc *d, const char *dir, struct gd_error *err)
{
	const struct gd_doc_file *f;

	for (size_t i = 0; (f = gd_doc_figure_file(d, i)); i++) {
		GD_AUTO_FREE char *charts = gd_path_join(dir, "charts"),
				  *path = gd_path_join(dir, f->path);

		if (!charts || !path)
			return gd_raise_nomem(err);
		if (gd_mkdir_p(charts, 0755, err) < 0 ||
		    gd_file_write(path, f->text, strlen(f->text), 0644, err) < 0)
			return -1;
	}
	return 0;
}

/* dir: where the charts of a Markdown page go; NULL: it has none. */
static int write_page(const struct gd_comparison *c, bool html, const char *dir,
		      struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO(gd_doc)
	struct gd_doc *d =
		html ? gd_doc_html_new(out, "Runs compared") : gd_doc_md_new(out);

	if (!d)
		return gd_raise_nomem(err);
	gd_comparison_doc(c, d);
	if ((html || dir) && gd_comparison_charts(c, d, err) < 0)
		return -1;
	if (gd_doc_finish(d, err) < 0)
		return -1;
	return html || !dir ? 0 : write_charts(d, dir, err);
}

static int write_file(const char *dir, const char *name, const struct gd_strbuf *text,
		      struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);

	if (!path || text->failed)
		return gd_raise_nomem(err);
	return gd_file_write(path, gd_strbuf_str(text), text->len, 0644, err);
}

static int write_files(const struct gd_comparison *c, const char *dir,
		       struct gd_error *err)
{
	GD_AUTO_STRBUF(html);
	GD_AUTO_STRBUF(md);
	GD_AUTO_STRBUF(json);

	if (gd_mkdir_p(dir, 0755, err) < 0 || write_page(c, true, NULL, &html, err) < 0 ||
	    write_page(c, false, dir, &md, err) < 0 ||
	    gd_comparison_json(c, &json, err) < 0)
		return -1;
	if (write_file(dir, "compare.html", &html, err) < 0 ||
	    write_file(dir, "compare.md", &md, err) < 0)
		return -1;
	return write_file(dir, "compare.json", &json, err);
}

static int print(const struct options *o, const struct gd_comparison *c,
		 struct gd_error *err)
{
	GD_AUTO_STRBUF(out);
	int rc = 0;

	if (o->output && write_files(c, o->output, err) < 0)
		return -1;
	if (o->json)
		rc = gd_comparison_json(c, &out, err);
	else if (o->format)
		rc = write_page(c, strcmp(o->format, "html") == 0, NULL, &out, err);
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
	.synopsis =
		"RUN RUN... | RUN... vs RUN... [--json | --format md|html] [--output DIR]",
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
	.short_options = "o=output",
	.min_operands = 2,
	.max_operands = 100,
	.run = run,
};
