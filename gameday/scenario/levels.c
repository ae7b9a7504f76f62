/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each moving number becomes a list of points in time; the union of these times are the
 * levels. A level is the fault's own parameter tree with the moving numbers put in as plain
 * values, so that whoever decodes, checks or sends it sees a fault like any other.
 */
#include "gameday/scenario/levels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/formats.h"
#include "gameday/shape/value.h"

enum { MAX_MOVERS = 8, VALUE_SIZE = 40, DIGITS = 4 };

struct point {
	struct gd_span at;
	char value[VALUE_SIZE];
};

/* One moving number. */
struct mover {
	const struct gd_field *field;
	size_t path[2]; /* its index in the tree, and in the map in which it is */
	bool nested;
	char name[64]; /* "loss", "ingress.loss" */
	struct gd_pos pos;
	struct point points[GD_MAX_STEPS];
	size_t n;
	struct gd_span end; /* when it has arrived and stayed for its last step */
};

struct movers {
	const char *kind;
	struct mover items[MAX_MOVERS];
	size_t n;
	struct gd_diags *diags;
};

/* --- from, to, over, steps ----------------------------------------------------------- */

struct ramp {
	char *from, *to;
	struct gd_span over;
	int64_t steps;
};

static const struct gd_field ramp_fields[] = {
	{.name = "from",
	 .help = "the value it begins with",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct ramp, from)},
	{.name = "to",
	 .help = "the value it ends with",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct ramp, to)},
	{.name = "over",
	 .help = "how long all steps take together",
	 .kind = GD_KIND_DURATION,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct ramp, over),
	 .min = GD_NS_PER_S,
	 .max = 24 * 3600 * GD_NS_PER_S},
	{.name = "steps",
	 .help = "values on the way, both ends counted",
	 .dflt = "10",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct ramp, steps),
	 .min = 2,
	 .max = GD_MAX_STEPS},
};

const struct gd_shape gd_ramp_shape = GD_SHAPE("ramp", ramp_fields, struct ramp);

static bool can_move(enum gd_kind kind)
{
	return kind == GD_KIND_INT || kind == GD_KIND_DURATION || kind == GD_KIND_RATIO ||
	       kind == GD_KIND_BITRATE || kind == GD_KIND_BYTES;
}

/* The kinds that can move are 64-bit integers in memory. */
static int parse(const struct mover *m, const char *text, struct gd_pos pos, int64_t *ret,
		 struct gd_diags *diags)
{
	struct gd_error err = GD_ERROR_INIT;

	*ret = 0;
	if (gd_value_parse(m->field, text, ret, &err) == 0)
		return 0;
	gd_diag_error(diags, pos, "%s: %s", m->name, err.text);
	return -1;
}

static int add_point(struct mover *m, struct gd_span at, int64_t value,
		     struct gd_diags *diags)
{
	GD_AUTO_STRBUF(text);
	struct point *p = &m->points[m->n];

	gd_value_print(m->field, &value, &text);
	if (text.failed || text.len >= sizeof(p->value)) {
		gd_diag_error(diags, m->pos, "%s: out of memory", m->name);
		return -1;
	}
	*p = (struct point){.at = at};
	memcpy(p->value, gd_strbuf_str(&text), text.len);
	m->n++;
	return 0;
}

/* A value on the way, to four digits of the larger end: people read these. */
static int64_t between(int64_t from, int64_t to, int64_t k, int64_t last)
{
	double most = fmax(fabs((double)from), fabs((double)to));
	double quantum = fmax(1, pow(10, floor(log10(fmax(most, 1))) - (DIGITS - 1)));
	double v = (double)from + ((double)to - (double)from) * (double)k / (double)last;

	return k == 0 ? from : k == last ? to : llround(round(v / quantum) * quantum);
}

static int fill_ramp(struct mover *m, const struct ramp *r, const struct gd_node *node,
		     struct gd_diags *diags)
{
	/* Whole milliseconds, for people. */
	struct gd_span step = {r->over.ns / r->steps / GD_NS_PER_MS * GD_NS_PER_MS};
	int64_t from, to;

	if (parse(m, r->from, gd_node_get(node, "from")->pos, &from, diags) < 0 ||
	    parse(m, r->to, gd_node_get(node, "to")->pos, &to, diags) < 0)
		return -1;
	if (from == to) {
		gd_diag_error(diags, gd_node_get(node, "to")->pos,
			      "%s: from and to are the same: give one value", m->name);
		return -1;
	}
	for (int64_t k = 0; k < r->steps; k++)
		if (add_point(m, (struct gd_span){step.ns * k},
			      between(from, to, k, r->steps - 1), diags) < 0)
			return -1;
	m->end = r->over;
	return 0;
}

static int decode_ramp(struct mover *m, const struct gd_node *node,
		       struct gd_diags *diags)
{
	const struct gd_shape shape = GD_SHAPE(m->name, ramp_fields, struct ramp);
	struct ramp r = {0};
	int rc = gd_shape_decode(&shape, node, &r, diags);

	if (rc == 0)
		rc = fill_ramp(m, &r, node, diags);
	gd_shape_fini(&shape, &r);
	return rc;
}

/* --- VALUE for DURATION, ... --------------------------------------------------------- */

/* One entry: its value at m->end, which moves on by its time. */
static int decode_step(struct mover *m, const struct gd_node *node, bool last,
		       struct gd_diags *diags)
{
	static const char word[] = " for ";
	const char *text = node->kind == GD_NODE_SCALAR ? node->text : "";
	const char *split = strstr(text, word);
	GD_AUTO_FREE char *value =
		strndup(text, split ? (size_t)(split - text) : strlen(text));
	struct gd_error err = GD_ERROR_INIT;
	struct gd_span length = {0};
	int64_t v;

	if (!value) {
		gd_diag_error(diags, node->pos, "%s: out of memory", m->name);
		return -1;
	}
	if (!*text || (!split && !last)) {
		gd_diag_error(diags, node->pos,
			      "%s: wanted: VALUE for DURATION, as in [1%% for 10s, 5%%]; "
			      "the last one stays",
			      m->name);
		return -1;
	}
	if (parse(m, value, node->pos, &v, diags) < 0)
		return -1;
	if (split && gd_span_parse(split + strlen(word), &length, &err) < 0) {
		gd_diag_error(diags, node->pos, "%s: %s", m->name, err.text);
		return -1;
	}
	if (add_point(m, m->end, v, diags) < 0)
		return -1;
	m->end.ns += length.ns;
	return 0;
}

static int decode_steps(struct mover *m, const struct gd_node *node,
			struct gd_diags *diags)
{
	if (node->n_entries < 2 || node->n_entries > GD_MAX_STEPS) {
		gd_diag_error(diags, node->pos,
			      "%s: wanted: 2 to %d values, as in [1%% for 10s, 5%%]",
			      m->name, (int)GD_MAX_STEPS);
		return -1;
	}
	for (size_t i = 0; i < node->n_entries; i++)
		if (decode_step(m, node->entries[i].value, i + 1 == node->n_entries,
				diags) < 0)
			return -1;
	return 0;
}

/* --- which numbers move -------------------------------------------------------------- */

static const struct gd_field *find_field(const struct gd_shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->n_fields; i++)
		if (strcmp(shape->fields[i].name, name) == 0)
			return &shape->fields[i];
	return NULL;
}

/* Adds the number behind e when it moves. outer: the entry in whose map it is, or NULL. */
static int add_mover(struct movers *all, const struct gd_field *field,
		     const struct gd_node_entry *e, const char *outer,
		     const size_t path[2])
{
	struct mover *m = &all->items[all->n];

	if (!can_move(field->kind) ||
	    (e->value->kind != GD_NODE_MAP && e->value->kind != GD_NODE_LIST))
		return 0;
	if (all->n == MAX_MOVERS) {
		gd_diag_error(all->diags, e->value->pos,
			      "%s: at most %d parameters can change at once", all->kind,
			      MAX_MOVERS);
		return -1;
	}
	*m = (struct mover){.field = field,
			    .path = {path[0], path[1]},
			    .nested = outer != NULL,
			    .pos = e->value->pos};
	(void)snprintf(m->name, sizeof(m->name), "%.28s%s%.28s", outer ? outer : "",
		       outer ? "." : "", e->key);
	all->n++;
	return e->value->kind == GD_NODE_MAP ? decode_ramp(m, e->value, all->diags)
					     : decode_steps(m, e->value, all->diags);
}

/* All that move, at the top and in maps of parameters one level down. */
static int find_movers(struct movers *all, const struct gd_shape *shape,
		       const struct gd_node *args)
{
	int rc = 0;

	for (size_t i = 0; i < args->n_entries; i++) {
		const struct gd_node_entry *e = &args->entries[i];
		const struct gd_field *f = find_field(shape, e->key);

		if (!f)
			continue;
		if (add_mover(all, f, e, NULL, (const size_t[2]){i, 0}) < 0)
			rc = -1;
		if (f->kind != GD_KIND_OBJECT || e->value->kind != GD_NODE_MAP)
			continue;
		for (size_t k = 0; k < e->value->n_entries; k++) {
			const struct gd_node_entry *in = &e->value->entries[k];
			const struct gd_field *g = find_field(f->shape, in->key);

			if (g &&
			    add_mover(all, g, in, e->key, (const size_t[2]){i, k}) < 0)
				rc = -1;
		}
	}
	return rc;
}

/* --- levels -------------------------------------------------------------------------- */

static int compare_spans(const void *a, const void *b)
{
	int64_t x = ((const struct gd_span *)a)->ns, y = ((const struct gd_span *)b)->ns;

	return (x > y) - (x < y);
}

/* The times at which anything changes, each once; the caller frees. 0 in *ret_n: failed. */
static struct gd_span *gather_times(const struct movers *all, struct gd_pos pos,
				    size_t *ret_n)
{
	struct gd_span *times = calloc(all->n * GD_MAX_STEPS + 1, sizeof(*times));
	size_t n = 0, kept = 1;

	*ret_n = 0;
	if (!times) {
		gd_diag_error(all->diags, pos, "%s: out of memory", all->kind);
		return NULL;
	}
	n = 1;
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->items[i].n; k++)
			times[n++] = all->items[i].points[k].at;
	qsort(times, n, sizeof(*times), compare_spans);
	for (size_t i = 1; i < n; i++)
		if (times[i].ns != times[kept - 1].ns)
			times[kept++] = times[i];
	for (size_t i = 1; i < kept; i++)
		if (times[i].ns - times[i - 1].ns <
		    GD_LEVEL_MIN_MS * (int64_t)GD_NS_PER_MS) {
			gd_diag_error(all->diags, all->items[0].pos,
				      "%s: steps are less than %d ms apart", all->kind,
				      (int)GD_LEVEL_MIN_MS);
			return times;
		}
	if (kept > GD_MAX_LEVELS)
		gd_diag_error(all->diags, all->items[0].pos,
			      "%s: it changes %zu times, at most %d are possible",
			      all->kind, kept, (int)GD_MAX_LEVELS);
	else
		*ret_n = kept;
	return times;
}

/* The point that holds at `at`. */
static const struct point *point_at(const struct mover *m, struct gd_span at)
{
	size_t i = 0;

	while (i + 1 < m->n && m->points[i + 1].at.ns <= at.ns)
		i++;
	return &m->points[i];
}

static int put_value(struct gd_node *root, const struct mover *m, const char *value)
{
	struct gd_node_entry *e = &root->entries[m->path[0]];
	struct gd_node *plain = gd_node_scalar(value, false, m->pos);

	if (!plain)
		return -1;
	if (m->nested)
		e = &e->value->entries[m->path[1]];
	(void)gd_node_free(e->value);
	e->value = plain;
	return 0;
}

/* The parameters at one time, and in words what changes then. */
static int fill_level(const struct movers *all, const struct gd_fault_use *use,
		      struct gd_span at, struct gd_level *ret)
{
	GD_AUTO_STRBUF(text);

	ret->at = at;
	ret->node = gd_node_copy(use->args);
	if (!ret->node)
		return -1;
	for (size_t i = 0; i < all->n; i++) {
		const struct mover *m = &all->items[i];
		const struct point *p = point_at(m, at);

		if (put_value(ret->node, m, p->value) < 0)
			return -1;
		if (p->at.ns == at.ns)
			gd_strbuf_addf(&text, "%s%s %s", text.len ? ", " : "", m->name,
				       p->value);
	}
	ret->text = strdup(gd_strbuf_str(&text));
	return text.failed || !ret->text ? -1 : 0;
}

/*
 * Decodes every level. A level at which the fault does nothing is fine when another does
 * something. A mistake that is no matter of the level is told once.
 */
static int decode_levels(const struct gd_kind_row *kind, const struct gd_fault_use *use,
			 const struct gd_list *levels, struct gd_diags *diags)
{
	struct gd_error idle = GD_ERROR_INIT;
	size_t n_idle = 0;

	for (size_t i = 0; i < levels->n; i++) {
		struct gd_level *l = GD_AT(levels, struct gd_level, i);
		int rc = gd_kind_args_decode_level(kind, l->node, use->pos, &l->args,
						   &idle, diags);

		if (rc < 0)
			return -1;
		n_idle += rc > 0;
	}
	if (n_idle < levels->n)
		return 0;
	gd_diag_take(diags, &idle, use->pos);
	return -1;
}

/* Does it arrive while the fault is in, and can the fault change at all? */
static int check_movers(const struct movers *all, const struct gd_kind_row *kind,
			const struct gd_fault_use *use, struct gd_span length)
{
	struct gd_span in = {use->hold.ns > 0 ? use->hold.ns : length.ns - use->after.ns};
	char a[32], b[32];
	int rc = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct mover *m = &all->items[i];

		if (!kind->can_change)
			gd_diag_error(all->diags, m->pos,
				      "%s: %s can't change while the fault is in: give "
				      "one value, and a stage for each",
				      kind->name, m->name);
		else if (length.ns > 0 && m->end.ns > in.ns)
			gd_diag_error(all->diags, m->pos,
				      "%s: %s takes %s to arrive, but the fault is in "
				      "for %s",
				      kind->name, m->name, gd_span_format(m->end, a),
				      gd_span_format(in, b));
		else
			continue;
		rc = -1;
	}
	return rc;
}

static int make_levels(const struct movers *all, const struct gd_fault_use *use,
		       struct gd_list *ret)
{
	size_t n;
	GD_AUTO_FREE struct gd_span *times = gather_times(all, use->pos, &n);

	if (n == 0)
		return -1;
	ret->items = calloc(n, sizeof(struct gd_level));
	ret->n = ret->items ? n : 0;
	for (size_t i = 0; i < ret->n; i++)
		if (fill_level(all, use, times[i], GD_AT(ret, struct gd_level, i)) < 0)
			n = 0;
	if (ret->n == n)
		return 0;
	gd_diag_error(all->diags, use->pos, "%s: out of memory", all->kind);
	return -1;
}

int gd_levels_make(const struct gd_kind_row *kind, const struct gd_fault_use *use,
		   struct gd_span length, struct gd_list *ret, struct gd_diags *diags)
{
	GD_AUTO_FREE struct movers *all = calloc(1, sizeof(*all));
	struct gd_list levels = {0};

	if (!all) {
		gd_diag_error(diags, use->pos, "%s: out of memory", kind->name);
		return -1;
	}
	all->kind = kind->name;
	all->diags = diags;
	if (find_movers(all, kind->args, use->args) < 0 ||
	    check_movers(all, kind, use, length) < 0)
		return -1;
	if (make_levels(all, use, &levels) < 0 ||
	    decode_levels(kind, use, &levels, diags) < 0) {
		gd_levels_fini(kind, &levels);
		return -1;
	}
	*ret = levels;
	return 0;
}

void gd_levels_fini(const struct gd_kind_row *kind, struct gd_list *levels)
{
	for (size_t i = 0; i < levels->n; i++) {
		struct gd_level *l = GD_AT(levels, struct gd_level, i);

		(void)gd_node_free(l->node);
		gd_kind_args_free(kind, l->args);
		free(l->text);
	}
	free(levels->items);
	*levels = (struct gd_list){0};
}

size_t gd_level_at(const struct gd_list *levels, struct gd_span in)
{
	size_t i = 0;

	while (i + 1 < levels->n &&
	       GD_AT(levels, const struct gd_level, i + 1)->at.ns <= in.ns)
		i++;
	return i;
}
