/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getopt_long does the splitting, over a table made from the option shape; what it finds
 * becomes a node tree, which the shape decodes like any file. So an option has the same
 * units, ranges and messages as a key in a scenario.
 */
#include "gameday/cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"

enum { MAX_OPTIONS = 32, HELP_VALUE = 1000, NAME_SIZE = GD_OPTION_NAME };

struct table {
	struct option rows[MAX_OPTIONS + 2];
	char names[MAX_OPTIONS][NAME_SIZE];
	char short_options[4 * MAX_OPTIONS];
	size_t n;
};

void gd_option_long(const struct gd_field *field, char ret[NAME_SIZE])
{
	(void)snprintf(ret, NAME_SIZE, "%s", field->name);
	for (char *p = ret; *p; p++)
		if (*p == '_')
			*p = '-';
}

/* The index of the field that the short option c stands for, or -1. */
static int short_field(const struct gd_cmd *cmd, int c)
{
	const char *p = cmd->short_options;

	while (p && *p) {
		const char *name = p + 2;
		size_t len = strcspn(name, " ");

		if (*p == c)
			for (size_t i = 0; i < cmd->options.n_fields; i++)
				if (strlen(cmd->options.fields[i].name) == len &&
				    strncmp(cmd->options.fields[i].name, name, len) == 0)
					return (int)i;
		p = name + len;
		p += strspn(p, " ");
	}
	return -1;
}

static void make_table(const struct gd_cmd *cmd, struct table *t)
{
	size_t s = 0;

	*t = (struct table){0};
	/* '+': stop at the first operand when the rest belongs to another program. */
	t->short_options[s++] = cmd->raw ? '+' : ':';
	if (cmd->raw)
		t->short_options[s++] = ':';
	t->short_options[s++] = 'h';
	t->n = cmd->options.n_fields < MAX_OPTIONS ? cmd->options.n_fields : MAX_OPTIONS;
	for (size_t i = 0; i < t->n; i++) {
		gd_option_long(&cmd->options.fields[i], t->names[i]);
		t->rows[i].name = t->names[i];
		t->rows[i].has_arg = cmd->options.fields[i].kind == GD_KIND_BOOL
					     ? no_argument
					     : required_argument;
		t->rows[i].val = HELP_VALUE + 1 + (int)i;
	}
	t->rows[t->n] = (struct option){.name = "help", .val = HELP_VALUE};
	for (const char *p = cmd->short_options; p && *p;) {
		int i = short_field(cmd, *p);

		t->short_options[s++] = *p;
		if (i >= 0 && cmd->options.fields[i].kind != GD_KIND_BOOL)
			t->short_options[s++] = ':';
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
}

static int unknown_option(const struct gd_cmd *cmd, const struct table *t, char **argv,
			  struct gd_error *err)
{
	const char *names[MAX_OPTIONS + 1];
	const char *word = argv[optind > 0 ? optind - 1 : 0];
	const char *near = NULL;

	for (size_t i = 0; i < t->n; i++)
		names[i] = t->names[i];
	if (strncmp(word, "--", 2) == 0)
		near = gd_suggest(word + 2, names, t->n);
	if (near)
		return gd_raise(err, GD_E_INPUT, "unknown option %s: did you mean --%s?",
				word, near);
	return gd_raise(err, GD_E_INPUT, "unknown option %s: see gameday %s --help", word,
			cmd->name);
}

/* Adds one occurrence of option i; LIST options gather in a list node. */
static int add_option(const struct gd_cmd *cmd, size_t i, const char *value,
		      struct gd_node *tree, struct gd_error *err)
{
	const struct gd_field *f = &cmd->options.fields[i];
	struct gd_node *scalar = gd_node_scalar(
		value ? value : "true", f->kind == GD_KIND_TEXT, (struct gd_pos){0});
	struct gd_node *list = NULL;

	if (!scalar)
		return gd_raise_nomem(err);
	for (size_t k = 0; k < tree->n_entries; k++) {
		if (strcmp(tree->entries[k].key, f->name) != 0)
			continue;
		if (f->kind == GD_KIND_LIST) {
			list = tree->entries[k].value;
			break;
		}
		(void)gd_node_free(scalar);
		return gd_raise(err, GD_E_INPUT, "option --%s given twice", f->name);
	}
	if (f->kind == GD_KIND_LIST && !list) {
		list = gd_node_new(GD_NODE_LIST, (struct gd_pos){0});
		if (!list ||
		    gd_node_append(tree, f->name, (struct gd_pos){0}, list) < 0) {
			(void)gd_node_free(scalar);
			return gd_raise_nomem(err);
		}
	}
	if (gd_node_append(list ? list : tree, list ? NULL : f->name, (struct gd_pos){0},
			   scalar) < 0)
		return gd_raise_nomem(err);
	return 0;
}

static int read_options(const struct gd_cmd *cmd, const struct table *t, int argc,
			char **argv, struct gd_node *tree, bool *ret_help,
			struct gd_error *err)
{
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, t->short_options, t->rows, NULL)) != -1) {
		int field = -1;

		if (c == HELP_VALUE || c == 'h') {
			*ret_help = true;
			continue;
		}
		if (c == ':')
			return gd_raise(err, GD_E_INPUT, "option %s needs a value",
					argv[optind - 1]);
		if (c == '?')
			return unknown_option(cmd, t, argv, err);
		field = c > HELP_VALUE ? c - HELP_VALUE - 1 : short_field(cmd, c);
		if (field < 0)
			return unknown_option(cmd, t, argv, err);
		if (add_option(cmd, (size_t)field, optarg, tree, err) < 0)
			return -1;
	}
	return 0;
}

static int decode(const struct gd_cmd *cmd, const struct gd_node *tree,
		  struct gd_parsed_options *ret, struct gd_error *err)
{
	GD_AUTO_DIAGS(diags);

	if (cmd->options.size == 0)
		return 0;
	ret->options = calloc(1, cmd->options.size);
	if (!ret->options)
		return gd_raise_nomem(err);
	if (gd_shape_decode(&cmd->options, tree, ret->options, &diags) < 0) {
		gd_options_fini(cmd, ret);
		if (gd_diags_to_error(&diags, err) < 0)
			return -1;
		return gd_raise(err, GD_E_INPUT, "bad options");
	}
	return 0;
}

static int check_operands(const struct gd_cmd *cmd, size_t n, struct gd_error *err)
{
	if (n < cmd->min_operands)
		return gd_raise(err, GD_E_INPUT,
				"%s: too few arguments; usage: gameday %s %s", cmd->name,
				cmd->name, cmd->synopsis);
	if (n > cmd->max_operands)
		return gd_raise(err, GD_E_INPUT,
				"%s: too many arguments; usage: gameday %s %s", cmd->name,
				cmd->name, cmd->synopsis);
	return 0;
}

int gd_options_parse(const struct gd_cmd *cmd, int argc, char **argv,
		     struct gd_parsed_options *ret, struct gd_error *err)
{
	GD_AUTO(gd_node)
	struct gd_node *tree = gd_node_new(GD_NODE_MAP, (struct gd_pos){0});
	struct table t;

	*ret = (struct gd_parsed_options){0};
	if (!tree)
		return gd_raise_nomem(err);
	make_table(cmd, &t);
	if (read_options(cmd, &t, argc, argv, tree, &ret->help, err) < 0)
		return -1;
	ret->n_operands = (size_t)(argc - optind);
	ret->operands = (const char *const *)(argv + optind);
	if (ret->help)
		return 0;
	if (check_operands(cmd, ret->n_operands, err) < 0)
		return -1;
	return decode(cmd, tree, ret, err);
}

void gd_options_fini(const struct gd_cmd *cmd, struct gd_parsed_options *p)
{
	if (p->options)
		gd_shape_fini(&cmd->options, p->options);
	free(p->options);
	p->options = NULL;
}

char gd_option_short(const struct gd_cmd *cmd, size_t field)
{
	for (const char *p = cmd->short_options; p && *p;) {
		if (short_field(cmd, *p) == (int)field)
			return *p;
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
	return '\0';
}

static void option_line(const struct gd_cmd *cmd, size_t i, struct gd_strbuf *out)
{
	const struct gd_field *f = &cmd->options.fields[i];
	char name[NAME_SIZE], head[80], c = gd_option_short(cmd, i);
	const char *value = f->kind == GD_KIND_BOOL ? "" : " VALUE";

	if (f->flags & GD_FIELD_HIDDEN)
		return;
	gd_option_long(f, name);
	if (c)
		(void)snprintf(head, sizeof(head), "-%c, --%s%s", c, name, value);
	else
		(void)snprintf(head, sizeof(head), "    --%s%s", name, value);
	gd_strbuf_addf(out, "  %-28s %s", head, f->help);
	if (f->dflt && f->kind != GD_KIND_BOOL)
		gd_strbuf_addf(out, " (default %s)", f->dflt);
	gd_strbuf_addc(out, '\n');
}

void gd_options_help(const struct gd_cmd *cmd, const struct gd_parsed_options *p,
		     struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "gameday %s: %s\n\n", cmd->name, cmd->summary);
	gd_strbuf_addf(out, "Usage: gameday %s %s\n", cmd->name, cmd->synopsis);
	if (cmd->details)
		gd_strbuf_addf(out, "\n%s\n", cmd->details);
	gd_strbuf_adds(out, "\nOptions:\n");
	for (size_t i = 0; i < cmd->options.n_fields; i++)
		option_line(cmd, i, out);
	gd_strbuf_addf(out, "  %-28s %s\n", "-h, --help", "this text");
	if (cmd->more_help && p->n_operands > 0)
		cmd->more_help(p->operands[0], out);
	if (cmd->example)
		gd_strbuf_addf(out, "\nExample:\n  %s\n", cmd->example);
}
