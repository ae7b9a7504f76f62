/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Developer's tool: gd-fault-pages [--check] DIR
 *
 * Writes the table under "## Parameters" of every fault's page DIR/NAME.md from the rows
 * that decode the parameters; --check changes nothing and fails where a table is stale.
 * What only a person can write has to be there: an example, and a section each for what
 * the fault does, refuses, captures, shows, and how it is undone by hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "injectors/injector.h"

#define PARAMETERS "\n## Parameters\n\n"

enum { MAX_PAGE = 1 << 20 };

struct page {
	const char *name; /* of the fault */
	char *path, *text;
	size_t table, rest; /* where the table begins, and what is behind it */
};

static void page_fini(struct page *p)
{
	free(p->path);
	free(p->text);
	*p = (struct page){0};
}

#define AUTO_PAGE __attribute__((cleanup(page_fini)))

static int check_sections(const struct page *p, bool of_runbook, struct gd_error *err)
{
	GD_AUTO_FREE char *yaml = gd_strf("\n- %s: {on: ", p->name);
	GD_AUTO_FREE char *command = gd_strf("\ngameday inject %s --on ", p->name);
	const char *const wanted[] = {of_runbook ? "\n    mitigate: " : yaml,
				      of_runbook ? "\n    undo: " : command,
				      "\n## What it does\n",
				      "\n## Parameters\n\n|",
				      "\n## Refused when\n",
				      "\n## What is captured, and how it is undone\n",
				      "\n## Evidence\n",
				      "\n## By hand\n\n"};

	if (!yaml || !command)
		return gd_raise_nomem(err);
	for (size_t i = 0; i < GD_N_ELEMS(wanted); i++)
		if (!strstr(p->text, wanted[i]))
			return gd_raise(err, GD_E_INPUT,
					"%s lacks \"%s\" (see another fault's page)",
					p->path, wanted[i] + 1);
	return 0;
}

/* The table is the block of lines that begin with a bar. */
static void find_table(struct page *p)
{
	const char *at = strstr(p->text, PARAMETERS) + strlen(PARAMETERS);

	p->table = (size_t)(at - p->text);
	while (*at == '|') {
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	p->rest = (size_t)(at - p->text);
}

static int read_page(struct page *p, const char *dir, const struct gd_injector *i,
		     struct gd_error *err)
{
	size_t size;

	p->name = i->name;
	p->path = gd_strf("%s/%s.md", dir, i->name);
	if (!p->path)
		return gd_raise_nomem(err);
	if (gd_file_read(p->path, MAX_PAGE, &p->text, &size, err) < 0 ||
	    check_sections(p, i->of_runbook, err) < 0)
		return -1;
	find_table(p);
	return 0;
}

static int renew(const char *dir, const struct gd_injector *i, bool only_check,
		 struct gd_error *err)
{
	AUTO_PAGE struct page p = {0};
	GD_AUTO_STRBUF(out);

	if (read_page(&p, dir, i, err) < 0)
		return -1;
	gd_strbuf_add(&out, p.text, p.table);
	gd_shape_describe_md(&i->args, &out);
	gd_strbuf_adds(&out, p.text + p.rest);
	if (out.failed)
		return gd_raise_nomem(err);
	if (strcmp(gd_strbuf_str(&out), p.text) == 0)
		return 0;
	if (only_check)
		return gd_raise(err, GD_E_DRIFT,
				"%s: the parameters are not those of the code: build the "
				"target fault-pages",
				p.path);
	return gd_file_write(p.path, out.data, out.len, 0644, err);
}

int main(int argc, char **argv)
{
	bool only_check = argc == 3 && strcmp(argv[1], "--check") == 0;
	struct gd_error err = GD_ERROR_INIT;
	int status = 0;

	if (argc != 2 && !only_check) {
		(void)fputs("usage: gd-fault-pages [--check] DIR\n", stderr);
		return 2;
	}
	for (size_t i = 0; gd_injectors[i]; i++)
		if (renew(argv[argc - 1], gd_injectors[i], only_check, &err) < 0) {
			(void)fprintf(stderr, "%s\n", err.text);
			status = 1;
		}
	return status;
}
