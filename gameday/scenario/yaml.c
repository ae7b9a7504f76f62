/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml's event parser drives a stack of open lists and maps. Aliases are refused rather
 * than expanded: they make a small file large, and a place in the file ambiguous. Mistakes
 * that leave the structure intact (a key given twice, a tag) don't stop the reading, so that
 * what comes after them is checked as well.
 */
#include "gameday/scenario/yaml.h"

#include <string.h>
#include <yaml.h>

#include "gameday/base/strbuf.h"

struct frame {
	struct gd_node *node; /* owned until it is closed */
	char *key;            /* map: the key whose value comes next; owned */
	struct gd_pos key_pos;
};

struct reader {
	yaml_parser_t parser;
	const char *text, *file;
	size_t size;
	struct frame stack[GD_YAML_MAX_DEPTH];
	size_t depth;
	size_t n_nodes;
	int n_documents;
	struct gd_node *root; /* owned */
	bool unusable;        /* the tree would not say what the file says */
	bool stop;            /* no point in reading on */
	bool nomem;
	struct gd_diags *diags;
};

static struct gd_pos place(const struct reader *r, yaml_mark_t mark)
{
	return (struct gd_pos){r->file, (int)mark.line + 1, (int)mark.column + 1};
}

/* Line and column of a byte; columns count characters, as libyaml's do. */
static struct gd_pos place_of_byte(const struct reader *r, size_t at)
{
	struct gd_pos pos = {r->file, 1, 1};

	for (size_t i = 0; i < at && i < r->size; i++) {
		if (r->text[i] == '\n') {
			pos.line++;
			pos.column = 1;
		} else if (((unsigned char)r->text[i] & 0xc0) != 0x80) {
			pos.column++;
		}
	}
	return pos;
}

/* --- building ------------------------------------------------------------------------ */

static void out_of_memory(struct reader *r)
{
	r->stop = r->nomem = r->unusable = true;
}

/* Takes node: to the open list or map, or as the root. */
static void attach(struct reader *r, struct gd_node *node)
{
	GD_AUTO(gd_node) struct gd_node *owned = node;
	GD_AUTO_FREE char *key = NULL;
	struct frame *top;

	if (r->depth == 0) {
		(void)gd_node_free(r->root);
		r->root = gd_steal_ptr(&owned);
		return;
	}
	top = &r->stack[r->depth - 1];
	key = gd_steal_ptr(&top->key);
	if (key && gd_node_get(top->node, key)) {
		gd_diag_error(r->diags, top->key_pos,
			      "key \"%.60s\" is given twice, first in line %d", key,
			      gd_node_key_pos(top->node, key).line);
		return;
	}
	if (gd_node_append(top->node, key, top->key_pos, gd_steal_ptr(&owned)) < 0)
		out_of_memory(r);
}

static bool wants_key(const struct reader *r)
{
	const struct frame *top = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;

	return top && top->node->kind == GD_NODE_MAP && !top->key;
}

static void open_frame(struct reader *r, enum gd_node_kind kind, struct gd_pos pos)
{
	struct gd_node *node;

	if (r->depth == GD_YAML_MAX_DEPTH) {
		gd_diag_error(r->diags, pos, "more than %d levels of nesting",
			      GD_YAML_MAX_DEPTH);
		r->stop = r->unusable = true;
		return;
	}
	if (wants_key(r)) {
		gd_diag_error(r->diags, pos,
			      "a key must be plain text, not a list or a map");
		r->stop = r->unusable = true;
		return;
	}
	node = gd_node_new(kind, pos);
	if (!node) {
		out_of_memory(r);
		return;
	}
	r->stack[r->depth++] = (struct frame){.node = node};
}

static void close_frame(struct reader *r)
{
	struct gd_node *node = r->stack[--r->depth].node;

	free(r->stack[r->depth].key);
	attach(r, node);
}

static bool is_null(const char *text)
{
	static const char *const forms[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; i < GD_N_ELEMS(forms); i++)
		if (strcmp(text, forms[i]) == 0)
			return true;
	return false;
}

static void take_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct gd_pos pos = place(r, event->start_mark);
	struct gd_node *node;

	if (memchr(text, '\0', event->data.scalar.length)) {
		gd_diag_error(r->diags, pos, "the text holds a NUL character");
		r->unusable = true;
		text = "";
	}
	if (wants_key(r)) {
		struct frame *top = &r->stack[r->depth - 1];

		top->key = strdup(text);
		top->key_pos = pos;
		if (!top->key)
			out_of_memory(r);
		return;
	}
	node = plain && is_null(text) ? gd_node_new(GD_NODE_NULL, pos)
				      : gd_node_scalar(text, !plain, pos);
	if (node)
		attach(r, node);
	else
		out_of_memory(r);
}

static void take_alias(struct reader *r, const yaml_event_t *event)
{
	struct gd_pos pos = place(r, event->start_mark);
	struct gd_node *node;

	gd_diag_error(r->diags, pos,
		      "aliases (*%.40s) are not taken: write the value out",
		      (const char *)event->data.alias.anchor);
	r->unusable = true;
	node = gd_node_new(GD_NODE_NULL, pos);
	if (wants_key(r))
		r->stop = true;
	if (!node)
		out_of_memory(r);
	else if (r->stop)
		(void)gd_node_free(node);
	else
		attach(r, node);
}

/* --- events -------------------------------------------------------------------------- */

static void refuse_decoration(struct reader *r, const yaml_event_t *event,
			      const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct gd_pos pos = place(r, event->start_mark);

	if (anchor)
		gd_diag_error(r->diags, pos, "anchors (&%.40s) are not taken: remove it",
			      (const char *)anchor);
	if (tag)
		gd_diag_error(r->diags, pos, "tags (%.40s) are not taken: remove it",
			      (const char *)tag);
	if (++r->n_nodes > GD_YAML_MAX_NODES) {
		gd_diag_error(r->diags, pos, "more than %d values in one file",
			      GD_YAML_MAX_NODES);
		r->stop = r->unusable = true;
	}
}

static void take_document(struct reader *r, const yaml_event_t *event)
{
	if (++r->n_documents == 1)
		return;
	gd_diag_error(r->diags, place(r, event->start_mark),
		      "a second document begins here: put it into a file of its own");
	r->stop = true;
}

static void take_event(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		take_document(r, event);
		break;
	case YAML_ALIAS_EVENT:
		take_alias(r, event);
		break;
	case YAML_SCALAR_EVENT:
		refuse_decoration(r, event, event->data.scalar.anchor,
				  event->data.scalar.tag);
		take_scalar(r, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_decoration(r, event, event->data.sequence_start.anchor,
				  event->data.sequence_start.tag);
		open_frame(r, GD_NODE_LIST, place(r, event->start_mark));
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_decoration(r, event, event->data.mapping_start.anchor,
				  event->data.mapping_start.tag);
		open_frame(r, GD_NODE_MAP, place(r, event->start_mark));
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_frame(r);
		break;
	case YAML_STREAM_END_EVENT:
		r->stop = true;
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
}

/* --- syntax errors ------------------------------------------------------------------- */

/* libyaml's words, and what most often leads to them. */
static const struct {
	const char *problem, *way_out;
} hints[] = {
	{"mapping values are not allowed in this context",
	 "a text that holds \": \" needs quotes, or a line above is indented wrongly"},
	{"found character that cannot start any token",
	 "a text that begins with a special character needs quotes"},
	{"did not find expected alphabetic or numeric character",
	 "a text that begins with * or & needs quotes"},
	{"did not find expected key",
	 "check the indentation of this line and the one above"},
	{"did not find expected '-' indicator", "check the indentation of the list"},
	{"could not find expected ':'", "a key needs a colon and a blank after it"},
	{"did not find expected ',' or '}'",
	 "a bracket { is not closed, or a comma is missing"},
	{"did not find expected ',' or ']'",
	 "a bracket [ is not closed, or a comma is missing"},
	{"found unexpected end of stream", "a quote is not closed"},
};

static const char *way_out(const struct reader *r, const char *problem)
{
	size_t at = r->parser.problem_mark.index;

	if (at < r->size && r->text[at] == '\t')
		return "indent with blanks, not with tabs";
	for (size_t i = 0; i < GD_N_ELEMS(hints); i++)
		if (strcmp(hints[i].problem, problem) == 0)
			return hints[i].way_out;
	return NULL;
}

static void report_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "unreadable";
	const char *way = way_out(r, problem);
	GD_AUTO_STRBUF(context);

	r->stop = r->unusable = true;
	if (p->error == YAML_MEMORY_ERROR) {
		r->nomem = true;
		return;
	}
	if (p->error == YAML_READER_ERROR) {
		gd_diag_error(r->diags, place_of_byte(r, p->problem_offset),
			      "not text in UTF-8: %s", problem);
		return;
	}
	if (p->context)
		gd_strbuf_addf(&context, " %s that began in line %zu", p->context,
			       p->context_mark.line + 1);
	gd_diag_error(r->diags, place(r, p->problem_mark), "not valid YAML: %s%s%s%s",
		      problem, gd_strbuf_str(&context), way ? "; " : "", way ? way : "");
}

/* --- the whole file ------------------------------------------------------------------ */

static void read_all(struct reader *r)
{
	while (!r->stop) {
		yaml_event_t event;

		if (!yaml_parser_parse(&r->parser, &event)) {
			report_syntax(r);
			return;
		}
		take_event(r, &event);
		yaml_event_delete(&event);
	}
}

static void drop_frames(struct reader *r)
{
	while (r->depth > 0) {
		struct frame *f = &r->stack[--r->depth];

		(void)gd_node_free(f->node);
		free(f->key);
	}
}

/* What libyaml need not see. 0, or -1 with a message. */
static int check_bytes(const struct reader *r)
{
	const char *nul = memchr(r->text, '\0', r->size);
	struct gd_pos top = {r->file, 1, 1};

	if (r->size > GD_YAML_MAX_SIZE) {
		gd_diag_error(r->diags, top, "the file is larger than %d bytes",
			      GD_YAML_MAX_SIZE);
		return -1;
	}
	if (nul) {
		gd_diag_error(r->diags, place_of_byte(r, (size_t)(nul - r->text)),
			      "the file holds a NUL byte: it is not a text file");
		return -1;
	}
	return 0;
}

int gd_yaml_parse(const char *text, size_t size, const char *file, struct gd_node **ret,
		  struct gd_diags *diags)
{
	struct reader r = {.text = text, .size = size, .file = file, .diags = diags};
	size_t errors_before = diags->n_errors;

	*ret = NULL;
	if (check_bytes(&r) < 0)
		return -1;
	if (yaml_parser_initialize(&r.parser)) {
		yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&r.parser, (const unsigned char *)text,
					     size);
		read_all(&r);
		yaml_parser_delete(&r.parser);
	} else {
		out_of_memory(&r);
	}
	drop_frames(&r);
	if (r.nomem)
		gd_diag_error(diags, (struct gd_pos){file, 0, 0}, "out of memory");
	if (!r.unusable)
		*ret = gd_steal_ptr(&r.root);
	(void)gd_node_free(r.root);
	if (!*ret && diags->n_errors == errors_before)
		gd_diag_error(diags, (struct gd_pos){file, 1, 1}, "the file is empty");
	return diags->n_errors == errors_before ? 0 : -1;
}
