/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/shape/field.h"

#include <string.h>

#include "gameday/shape/value.h"

enum { NAME_WIDTH = 18, FEW_KEYS = 6 };

static void add_choices(const struct gd_field *field, struct gd_strbuf *out)
{
	for (const struct gd_choice *c = field->choices; c->name; c++)
		gd_strbuf_addf(out, "%s%s", c == field->choices ? "" : ", ", c->name);
}

static void add_range(const struct gd_field *field, struct gd_strbuf *out)
{
	int64_t min, max;

	if (field->min == 0 && field->max == 0)
		return;
	gd_value_range(field, &min, &max);
	gd_strbuf_adds(out, ", ");
	if (max == INT64_MAX) {
		gd_strbuf_adds(out, "at least ");
		gd_value_print_limit(field, min, out);
		return;
	}
	if (min == 0 && !gd_value_is_scalar(field->kind)) {
		gd_strbuf_adds(out, "at most ");
	} else {
		gd_value_print_limit(field, min, out);
		gd_strbuf_adds(out, " to ");
	}
	gd_value_print_limit(field, max, out);
	if (field->kind == GD_KIND_TEXT || field->kind == GD_KIND_NAME)
		gd_strbuf_adds(out, " bytes");
	if (!gd_value_is_scalar(field->kind))
		gd_strbuf_adds(out, " elements");
}

static void add_element(const struct gd_field *element, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, " of ");
	if (element->kind == GD_KIND_ENUM)
		add_choices(element, out);
	else
		gd_strbuf_adds(out, gd_kind_words(element->kind));
}

/* " of a, b, c", or where they are many " with keys from a to z". */
static void add_keys(const struct gd_shape *shape, struct gd_strbuf *out)
{
	if (shape->n_fields > FEW_KEYS) {
		gd_strbuf_addf(out, " with any keys from %s to %s", shape->fields[0].name,
			       shape->fields[shape->n_fields - 1].name);
		return;
	}
	for (size_t i = 0; i < shape->n_fields; i++)
		gd_strbuf_addf(out, "%s%s", i ? ", " : " of ", shape->fields[i].name);
}

void gd_field_describe(const struct gd_field *field, struct gd_strbuf *out)
{
	if (field->kind == GD_KIND_ENUM) {
		add_choices(field, out);
		return;
	}
	gd_strbuf_adds(out, gd_kind_words(field->kind));
	if (field->kind == GD_KIND_LIST && field->shape && field->shape->scalar)
		add_element(&field->shape->fields[0], out);
	if (field->kind == GD_KIND_OBJECT)
		add_keys(field->shape, out);
	if (field->kind != GD_KIND_BOOL && field->kind != GD_KIND_NODE)
		add_range(field, out);
}

static void add_details(const struct gd_field *field, struct gd_strbuf *out)
{
	gd_field_describe(field, out);
	if (field->flags & GD_FIELD_REQUIRED)
		gd_strbuf_adds(out, "; required");
	else if (field->dflt && *field->dflt)
		gd_strbuf_addf(out, "; default %s", field->dflt);
}

static void add_choice_help(const struct gd_field *field, struct gd_strbuf *out)
{
	for (const struct gd_choice *c = field->choices; c && c->name; c++)
		if (c->help && *c->help)
			gd_strbuf_addf(out, "  %-*s   %s: %s\n", NAME_WIDTH, "", c->name,
				       c->help);
}

void gd_shape_describe(const struct gd_shape *shape, struct gd_strbuf *out)
{
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct gd_field *field = &shape->fields[i];

		if (field->flags & GD_FIELD_HIDDEN)
			continue;
		gd_strbuf_addf(out, "  %-*s %s\n", NAME_WIDTH, field->name,
			       field->help ? field->help : "");
		if (field->kind == GD_KIND_ENUM)
			add_choice_help(field, out);
		gd_strbuf_addf(out, "  %-*s   (", NAME_WIDTH, "");
		add_details(field, out);
		gd_strbuf_adds(out, ")\n");
	}
}

/* A bar would end the cell. */
static void add_cell(const char *text, struct gd_strbuf *out)
{
	for (; *text; text++) {
		if (*text == '|')
			gd_strbuf_addc(out, '\\');
		gd_strbuf_addc(out, *text == '\n' ? ' ' : *text);
	}
}

static void add_choices_md(const struct gd_field *field, struct gd_strbuf *out)
{
	const char *between = " (";

	if (field->kind == GD_KIND_LIST && field->shape->scalar)
		field = &field->shape->fields[0];
	for (const struct gd_choice *c = field->choices; c && c->name; c++) {
		if (!c->help || !*c->help)
			continue;
		gd_strbuf_addf(out, "%s`%s` ", between, c->name);
		add_cell(c->help, out);
		between = "; ";
	}
	if (*between == ';')
		gd_strbuf_addc(out, ')');
}

static void add_row(const struct gd_field *field, struct gd_strbuf *out)
{
	GD_AUTO_STRBUF(form);

	gd_field_describe(field, &form);
	gd_strbuf_addf(out, "| `%s` | ", field->name);
	add_cell(gd_strbuf_str(&form), out);
	gd_strbuf_adds(out, " | ");
	if (field->flags & GD_FIELD_REQUIRED)
		gd_strbuf_adds(out, "required");
	else if (field->dflt && *field->dflt)
		gd_strbuf_addf(out, "`%s`", field->dflt);
	else
		gd_strbuf_adds(out, "–");
	gd_strbuf_adds(out, " | ");
	add_cell(field->help ? field->help : "", out);
	add_choices_md(field, out);
	gd_strbuf_adds(out, " |\n");
}

void gd_shape_describe_md(const struct gd_shape *shape, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < shape->n_fields; i++)
		if (!(shape->fields[i].flags & GD_FIELD_HIDDEN))
			add_row(&shape->fields[i], out);
}
