/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gameday-FAULT(7): the fault's own page, with its parameters from the rows that decode them as a
 * list instead of the table (which is for wide screens).
 */
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/manual/page.h"
#include "injectors/injector.h"

enum { MAX_PAGE = 1 << 20 };

/* The page without its title line; titles go one level up, as man pages have them. */
static void add_lines(const struct gd_shape *args, const char *text,
		      struct gd_strbuf *out)
{
	bool in_table = false;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool is_title = strncmp(text, "## ", 3) == 0;

		if (is_title)
			in_table = strncmp(text, "## Parameters", 13) == 0;
		if (in_table && *text == '|') {
			text += len + (text[len] == '\n');
			continue;
		}
		gd_strbuf_add(out, text + is_title, len - is_title);
		gd_strbuf_addc(out, '\n');
		if (is_title && in_table) {
			gd_strbuf_addc(out, '\n');
			gd_page_keys(args, out);
		}
		text += len + (text[len] == '\n');
	}
}

static int put_fault(const struct gd_manual *m, const struct gd_injector *inj,
		     const char *pages, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_strf("%s/%s.md", pages, inj->name);
	GD_AUTO_FREE char *name = gd_strf("gameday-%s", inj->name);
	GD_AUTO_FREE char *file = gd_strf("gameday-%s.7.md", inj->name);
	GD_AUTO_FREE char *page = NULL;
	GD_AUTO_STRBUF(text);
	const char *body;
	size_t size;

	if (!path || !name || !file)
		return gd_raise_nomem(err);
	if (gd_file_read(path, MAX_PAGE, &page, &size, err) < 0)
		return -1;
	body = strstr(page, "\n\n");
	gd_page_head(name, 7, inj->summary, &text);
	gd_strbuf_adds(&text, "# DESCRIPTION");
	add_lines(&inj->args, body ? body : "", &text);
	gd_strbuf_adds(&text, "\n# SEE ALSO\n\n**gameday-inject**(1), "
			      "**gameday-scenario**(5), **gameday-doctor**(1)\n");
	return m->put(m->ctx, file, &text, err);
}

int gd_manual_faults(const struct gd_manual *m, const char *pages, struct gd_error *err)
{
	for (const struct gd_injector *const *i = gd_injectors; *i; i++)
		if (put_fault(m, *i, pages, err) < 0)
			return -1;
	return 0;
}
