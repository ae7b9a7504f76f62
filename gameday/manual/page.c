/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/manual/page.h"

#include <ctype.h>
#include <string.h>

#include "gameday/base/auto.h"

void gd_page_head(const char *name, int section, const char *summary,
		  struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "title: %s\nsection: %d\nsource: gameday " GD_VERSION "\n",
		       name, section);
	gd_strbuf_addf(out, "volume: gameday manual\n\n# NAME\n\n%s - ", name);
	gd_page_text(summary, out);
	gd_strbuf_adds(out, "\n\n");
}

void gd_page_text(const char *text, struct gd_strbuf *out)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>#|~^$", *text))
			gd_strbuf_addc(out, '\\');
		gd_strbuf_addc(out, *text);
	}
}

void gd_page_details(const char *text, struct gd_strbuf *out)
{
	bool literal = false;

	while (*text) {
		size_t len = strcspn(text, "\n");
		GD_AUTO_FREE char *line = strndup(text, len);

		if (literal != (*text == ' ')) {
			gd_strbuf_adds(out, literal ? "```\n\n" : "\n```\n");
			literal = !literal;
		}
		if (line && literal)
			gd_strbuf_adds(out, line);
		else if (line)
			gd_page_text(line, out);
		gd_strbuf_addc(out, '\n');
		text += len + (text[len] == '\n');
	}
	gd_strbuf_adds(out, literal ? "```\n\n" : "\n");
}

void gd_page_entry(const char *term, const char *text, struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "%s\n:   ", term);
	gd_page_text(text, out);
	gd_strbuf_adds(out, "\n\n");
}

static const struct gd_choice *choices_of(const struct gd_field *f)
{
	if (f->kind == GD_KIND_LIST && f->shape && f->shape->scalar)
		f = &f->shape->fields[0];
	return f->choices;
}

static void add_choices(const struct gd_field *f, struct gd_strbuf *out)
{
	const char *between = "; ";

	for (const struct gd_choice *c = choices_of(f); c && c->name; c++) {
		if (!c->help || !*c->help)
			continue;
		gd_strbuf_addf(out, "%s**%s** ", between, c->name);
		gd_page_text(c->help, out);
		between = ", ";
	}
}

static void add_key(const struct gd_field *f, struct gd_strbuf *out)
{
	GD_AUTO_STRBUF(form);

	gd_field_describe(f, &form);
	gd_strbuf_addf(out, "**%s**\n:   ", f->name);
	gd_page_text(f->help ? f->help : "", out);
	add_choices(f, out);
	if (f->kind == GD_KIND_NODE) {
		gd_strbuf_adds(out,
			       f->flags & GD_FIELD_REQUIRED ? " (required)\n\n" : "\n\n");
		return;
	}
	gd_strbuf_adds(out, " (");
	gd_page_text(gd_strbuf_str(&form), out);
	if (f->flags & GD_FIELD_REQUIRED)
		gd_strbuf_adds(out, "; required");
	else if (f->dflt && *f->dflt)
		gd_strbuf_addf(out, "; default %s", f->dflt);
	gd_strbuf_adds(out, ")\n\n");
}

void gd_page_keys(const struct gd_shape *shape, struct gd_strbuf *out)
{
	for (size_t i = 0; i < shape->n_fields; i++)
		if (!(shape->fields[i].flags & GD_FIELD_HIDDEN))
			add_key(&shape->fields[i], out);
}

/* What is under a key is a map of its own keys, or a list of such maps. */
static bool is_nested(const struct gd_field *f)
{
	return !(f->flags & GD_FIELD_HIDDEN) && f->shape && !f->shape->scalar &&
	       (f->kind == GD_KIND_OBJECT || f->kind == GD_KIND_LIST ||
		f->kind == GD_KIND_MAP);
}

void gd_page_keys_deep(const struct gd_shape *shape, const char *marks,
		       struct gd_strbuf *out)
{
	enum { MAX_WAITING = 64 };
	const struct gd_shape *waiting[MAX_WAITING] = {shape};
	const struct gd_field *from[MAX_WAITING] = {NULL};
	size_t n = 1;

	/* Breadth first, so that a reader gets the large before the small. */
	for (size_t i = 0; i < n; i++) {
		if (from[i])
			gd_strbuf_addf(out, "%s %s\n\n", marks, from[i]->name);
		gd_page_keys(waiting[i], out);
		for (size_t k = 0; k < waiting[i]->n_fields && n < MAX_WAITING; k++) {
			const struct gd_field *f = &waiting[i]->fields[k];

			if (!is_nested(f))
				continue;
			waiting[n] = f->shape;
			from[n++] = f;
		}
	}
}
