/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load intervals and their sums. A histogram has some 24,000 buckets, so keeping two per
 * interval would cost gigabytes in an hour's run: each interval keeps its histograms packed
 * (some hundred bytes) and its own percentiles, each series one merged pair per stage, to
 * which intervals are added as they come.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/results/store.h"

static void point_fini(struct point *p)
{
	free(p->latency);
	free(p->attempts);
	free(p->connect);
	free(p->handshake);
	free(p->encoded);
	gd_interval_fini(&p->iv);
	*p = (struct point){0};
}

static void tally_reset(struct tally *t)
{
	gd_hist_free(t->latency);
	gd_hist_free(t->attempt_latency);
	gd_hist_free(t->connect);
	gd_hist_free(t->handshake);
	*t = (struct tally){0};
}

void gd_res_series_free(struct series *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_points; i++)
		point_fini(&s->points[i]);
	for (size_t i = 0; i < MAX_STAGES; i++)
		tally_reset(&s->tallies[i]);
	for (size_t i = 0; i < s->n_vantages; i++)
		gd_res_series_free(s->vantages[i]);
	free(s->vantages);
	free(s->points);
	free(s);
}

static void forget_tally(struct series *s, size_t stage)
{
	tally_reset(&s->tallies[stage]);
	for (size_t i = 0; i < s->n_vantages; i++)
		tally_reset(&s->vantages[i]->tallies[stage]);
}

void gd_res_series_invalidate(struct gd_results *r, size_t stage)
{
	for (size_t i = 0; i < r->n_series; i++)
		forget_tally(r->series[i], stage);
}

struct series *gd_res_series_find(const struct gd_results *r, const char *load,
				  const char *client)
{
	for (size_t i = 0; i < r->n_series; i++)
		if (strcmp(r->series[i]->load, load) == 0 &&
		    strcmp(r->series[i]->client, client) == 0)
			return r->series[i];
	return NULL;
}

/* Its tallies are up to date: of the stages so far, nothing counts yet. */
static struct series *series_add(struct gd_results *r, const struct gd_interval *iv)
{
	struct series *s = r->n_series < MAX_SERIES ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return NULL;
	memcpy(s->load, iv->load, sizeof(s->load));
	memcpy(s->client, iv->client, sizeof(s->client));
	for (size_t i = 0; i < r->n_stages; i++)
		s->tallies[i].valid = true;
	r->series[r->n_series++] = s;
	return s;
}

static int64_t point_end(const struct gd_interval *iv)
{
	return iv->start_wall_ns + iv->length_ns;
}

static bool inside(const struct gd_interval *iv, struct window win)
{
	return iv->start_wall_ns >= win.from_ns && point_end(iv) <= win.to_ns;
}

/* Counts come from other machines: they stop at the top instead of wrapping. */
static void add_count(uint64_t *sum, uint64_t n)
{
	*sum = *sum > UINT64_MAX - n ? UINT64_MAX : *sum + n;
}

static void sum_interval(struct gd_load_stats *s, const struct gd_interval *iv)
{
	for (int o = 0; o < GD_N_OUTCOMES; o++) {
		add_count(&s->error_kinds[o], iv->outcomes[o]);
		if (o == GD_OUTCOME_UNFINISHED)
			add_count(&s->unfinished, iv->outcomes[o]);
		else
			add_count(&s->requests, iv->outcomes[o]);
	}
	add_count(&s->ok, iv->outcomes[GD_OUTCOME_OK]);
	s->errors = s->requests - s->ok;
	add_count(&s->attempts, iv->attempts);
	add_count(&s->retries, iv->retries);
	add_count(&s->budget_denied, iv->budget_denied);
	add_count(&s->late, iv->late);
	gd_counts_add(&s->counts, &iv->counts);
	s->seconds += (double)iv->length_ns / (double)GD_NS_PER_S;
	s->late_max = fmax(s->late_max, (double)iv->late_max_ns);
	s->intervals++;
	s->late_intervals += iv->behind;
	if (s->problem[0] == '\0')
		memcpy(s->problem, iv->problem, sizeof(s->problem));
}

static double percentile(const struct gd_hist *h, double p)
{
	int64_t v = h ? gd_hist_percentile(h, p) : -1;

	return v < 0 ? (double)NAN : (double)v;
}

/* The same at several, ascending, in one pass. */
static void percentiles(const struct gd_hist *h, const double *at, double *const *ret,
			size_t n)
{
	int64_t values[4] = {-1, -1, -1, -1};

	if (h)
		gd_hist_percentiles(h, at, n, values);
	for (size_t i = 0; i < n; i++)
		*ret[i] = values[i] < 0 ? (double)NAN : (double)values[i];
}

static void finish(struct gd_load_stats *s, const struct gd_hist *latency,
		   const struct gd_hist *attempts)
{
	static const double of_requests[] = {50, 90, 99, 99.9}, of_attempts[] = {50, 99};
	bool any = latency && gd_hist_count(latency) > 0;
	double n = (double)s->requests;

	s->rate = s->seconds > 0 ? n / s->seconds : (double)NAN;
	s->success = s->requests ? (double)s->ok / n : (double)NAN;
	s->attempts_per_request = s->requests ? (double)s->attempts / n : (double)NAN;
	s->goodput = s->seconds > 0 ? (double)s->ok / s->seconds : (double)NAN;
	s->wasted = s->attempts ? 1 - (double)s->ok / (double)s->attempts : (double)NAN;
	s->drained = (double)NAN;
	s->rtt = s->counts.rtt_samples
			 ? (double)s->counts.rtt_sum / (double)s->counts.rtt_samples
			 : (double)NAN;
	percentiles(latency, of_requests,
		    (double *const[]){&s->p50, &s->p90, &s->p99, &s->p999}, 4);
	s->max = any ? (double)gd_hist_max(latency) : (double)NAN;
	s->min = any ? (double)gd_hist_min(latency) : (double)NAN;
	s->mean = any ? gd_hist_mean(latency) : (double)NAN;
	percentiles(attempts, of_attempts,
		    (double *const[]){&s->attempt_p50, &s->attempt_p99}, 2);
}

static void finish_connects(struct gd_load_stats *s, const struct gd_hist *connect,
			    const struct gd_hist *handshake)
{
	s->connect_p50 = percentile(connect, 50);
	s->connect_p99 = percentile(connect, 99);
	s->handshake_p50 = percentile(handshake, 50);
	s->handshake_p99 = percentile(handshake, 99);
}

/* into may be NULL: then it is made. */
static int merge(struct gd_hist **into, const struct gd_hist *from)
{
	if (!*into)
		*into = gd_hist_new();
	if (!*into)
		return -1;
	if (from)
		gd_hist_merge(*into, from);
	return 0;
}

/* packed may be NULL: nothing. */
static int merge_packed(struct gd_hist **into, const struct gd_hist_pack *packed)
{
	GD_AUTO(gd_hist) struct gd_hist *h = packed ? gd_hist_unpack(packed) : NULL;

	if (!packed)
		return 0;
	return h ? merge(into, h) : -1;
}

static const struct gd_hist_pack *attempts_of(const struct point *p)
{
	return p->attempts ? p->attempts : p->latency;
}

static int tally_build(struct tally *t, const struct series *s, struct window win)
{
	tally_reset(t);
	for (size_t i = 0; i < s->n_points; i++) {
		const struct point *p = &s->points[i];

		if (!inside(&p->iv, win))
			continue;
		if (merge_packed(&t->latency, p->latency) < 0 ||
		    merge_packed(&t->attempt_latency, attempts_of(p)) < 0 ||
		    merge_packed(&t->connect, p->connect) < 0 ||
		    merge_packed(&t->handshake, p->handshake) < 0) {
			tally_reset(t);
			return -1;
		}
		sum_interval(&t->stats, &p->iv);
		t->any = true;
	}
	t->valid = true;
	return 0;
}

struct tally *gd_res_series_tally(const struct gd_results *r, struct series *s,
				  size_t stage)
{
	struct tally *t = &s->tallies[stage];
	struct window win;

	if (!gd_res_stage_window(&r->stages[stage], &win))
		return NULL;
	if (!t->valid && tally_build(t, s, win) < 0)
		return NULL;
	return t->any ? t : NULL;
}

/* Adds an interval just taken to the tallies that are up to date, the others can wait. */
static void tally_interval(const struct gd_results *r, struct series *s,
			   const struct gd_interval *iv)
{
	for (size_t i = 0; i < r->n_stages; i++) {
		struct tally *t = &s->tallies[i];
		struct window win;

		if (!t->valid || !gd_res_stage_window(&r->stages[i], &win) ||
		    !inside(iv, win))
			continue;
		if (merge(&t->latency, iv->latency) < 0 ||
		    merge(&t->attempt_latency, iv->attempt_latency) < 0 ||
		    (iv->connect && merge(&t->connect, iv->connect) < 0) ||
		    (iv->handshake && merge(&t->handshake, iv->handshake) < 0)) {
			tally_reset(t);
			continue;
		}
		sum_interval(&t->stats, iv);
		t->any = true;
	}
}

/* h NULL: an empty one. */
static int pack(const struct gd_hist *h, struct gd_hist_pack **ret, struct gd_error *err)
{
	GD_AUTO(gd_hist) struct gd_hist *empty = h ? NULL : gd_hist_new();

	*ret = h || empty ? gd_hist_pack(h ? h : empty) : NULL;
	return *ret ? 0 : gd_raise_nomem(err);
}

/* A copy; NULL when out of memory, which costs a live view its newest figures only. */
static struct gd_hist *copy(const struct gd_hist *h)
{
	struct gd_hist *c = h ? gd_hist_new() : NULL;

	if (c)
		gd_hist_merge(c, h);
	return c;
}

/* NULL when there are none, or no memory: a report then lacks what went where. */
static struct gd_target_count *copy_targets(const struct gd_interval *iv)
{
	struct gd_target_count *c =
		iv->n_targets > 0 ? calloc(iv->n_targets, sizeof(*c)) : NULL;

	for (size_t i = 0; c && i < iv->n_targets; i++)
		c[i] = iv->targets[i];
	return c;
}

static int keep_hists(const struct gd_interval *iv, const struct as_read *read,
		      struct point *p, struct gd_error *err)
{
	if (read->encoded && !(p->encoded = strdup(read->encoded)))
		return gd_raise_nomem(err);
	if ((iv->connect && pack(iv->connect, &p->connect, err) < 0) ||
	    (iv->handshake && pack(iv->handshake, &p->handshake, err) < 0) ||
	    pack(iv->latency, &p->latency, err) < 0)
		return -1;
	return read->one_each ? 0 : pack(iv->attempt_latency, &p->attempts, err);
}

static int point_make(const struct gd_interval *iv, const struct as_read *read,
		      struct point *ret, struct gd_error *err)
{
	struct point p = {.iv = *iv};

	p.iv.latency = p.iv.attempt_latency = NULL;
	p.iv.lateness = p.iv.connect = p.iv.handshake = NULL;
	p.iv.targets = copy_targets(iv);
	if (!p.iv.targets)
		p.iv.n_targets = 0;
	sum_interval(&p.stats, iv);
	finish(&p.stats, iv->latency, iv->attempt_latency);
	finish_connects(&p.stats, iv->connect, iv->handshake);
	if (keep_hists(iv, read, &p, err) < 0) {
		point_fini(&p);
		return -1;
	}
	*ret = p;
	return 0;
}

/* Only the newest interval of a series keeps its histograms. */
static void drop_hists(struct series *s, size_t added)
{
	for (size_t i = added > 0 ? added - 1 : 0; i + 1 < s->n_points && i <= added;
	     i++) {
		s->points[i].iv.latency = gd_hist_free(s->points[i].iv.latency);
		s->points[i].iv.attempt_latency =
			gd_hist_free(s->points[i].iv.attempt_latency);
	}
}

static int points_reserve(struct series *s, struct gd_error *err)
{
	size_t cap = s->cap_points ? 2 * s->cap_points : 64;
	struct point *points;

	if (s->n_points == MAX_INTERVALS)
		return gd_raise(err, GD_E_INPUT, "load %s.%s: more than %d intervals",
				s->load, s->client, MAX_INTERVALS);
	if (s->n_points < s->cap_points)
		return 0;
	points = realloc(s->points, cap * sizeof(*points));
	if (!points)
		return gd_raise_nomem(err);
	s->points = points;
	s->cap_points = cap;
	return 0;
}

/* Where an interval starting at `start` goes: behind all that start no later. */
static size_t place(const struct series *s, int64_t start)
{
	size_t i = s->n_points;

	while (i > 0 && s->points[i - 1].iv.start_wall_ns > start)
		i--;
	return i;
}

static int series_insert(struct series *s, const struct gd_interval *iv,
			 const struct as_read *read, size_t *ret_at, struct gd_error *err)
{
	size_t at = place(s, iv->start_wall_ns);
	struct point p;

	if (at > 0 && s->points[at - 1].iv.start_wall_ns == iv->start_wall_ns)
		return gd_raise(err, GD_E_INPUT,
				"load %s.%s: interval %llu is there twice", s->load,
				s->client, (unsigned long long)iv->index);
	if (points_reserve(s, err) < 0 || point_make(iv, read, &p, err) < 0)
		return -1;
	p.n_parts = 1;
	memmove(&s->points[at + 1], &s->points[at], (s->n_points - at) * sizeof(p));
	s->points[at] = p;
	s->n_points++;
	drop_hists(s, at);
	*ret_at = at;
	return 0;
}

/* --- several vantage points -------------------------------------------------------------- */

static struct series *vantage_find(const struct series *s, const char *name)
{
	for (size_t i = 0; i < s->n_vantages; i++)
		if (strcmp(s->vantages[i]->vantage, name) == 0)
			return s->vantages[i];
	return NULL;
}

static struct series *vantage_add(struct series *s, const struct gd_interval *iv)
{
	struct series **grown =
		reallocarray(s->vantages, s->n_vantages + 1, sizeof(*grown));
	struct series *v = grown ? calloc(1, sizeof(*v)) : NULL;

	if (grown)
		s->vantages = grown;
	if (!v)
		return NULL;
	memcpy(v->load, iv->load, sizeof(v->load));
	memcpy(v->client, iv->client, sizeof(v->client));
	memcpy(v->vantage, iv->vantage, sizeof(v->vantage));
	s->vantages[s->n_vantages++] = v;
	return v;
}

/* The interval of that number, which is one of the last. */
static struct point *point_of(struct series *s, uint64_t index)
{
	for (size_t i = s->n_points; i > 0; i--)
		if (s->points[i - 1].iv.index == index)
			return &s->points[i - 1];
	return NULL;
}

/* What the point holds, with its histograms; the caller frees. */
static int point_restore(const struct point *p, struct gd_interval *ret,
			 struct gd_error *err)
{
	struct gd_interval iv = p->iv;

	iv.latency = iv.attempt_latency = iv.lateness = NULL;
	iv.connect = iv.handshake = NULL;
	iv.targets = copy_targets(&p->iv);
	iv.n_targets = iv.targets ? iv.n_targets : 0;
	iv.latency = gd_hist_unpack(p->latency);
	iv.attempt_latency = gd_hist_unpack(attempts_of(p));
	iv.connect = p->connect ? gd_hist_unpack(p->connect) : NULL;
	iv.handshake = p->handshake ? gd_hist_unpack(p->handshake) : NULL;
	if (!iv.latency || !iv.attempt_latency || (p->connect && !iv.connect) ||
	    (p->handshake && !iv.handshake)) {
		gd_interval_fini(&iv);
		return gd_raise_nomem(err);
	}
	*ret = iv;
	return 0;
}

static int point_join(struct point *p, const struct gd_interval *iv, struct gd_error *err)
{
	struct gd_interval sum;
	struct point made;
	int rc;

	if (point_restore(p, &sum, err) < 0)
		return -1;
	gd_interval_join(&sum, iv);
	rc = point_make(&sum, &(struct as_read){0}, &made, err);
	if (rc == 0) {
		made.iv.latency = gd_steal_ptr(&sum.latency);
		made.iv.attempt_latency = gd_steal_ptr(&sum.attempt_latency);
	}
	gd_interval_fini(&sum);
	if (rc < 0)
		return -1;
	made.n_parts = p->n_parts + 1;
	point_fini(p);
	*p = made;
	return 0;
}

/* Inserts a part; the newest keeps histograms. */
static int insert_part(const struct gd_results *r, struct series *s,
		       const struct gd_interval *iv, const struct as_read *read,
		       struct gd_error *err)
{
	size_t at = 0;

	if (series_insert(s, iv, read, &at, err) < 0)
		return -1;
	tally_interval(r, s, iv);
	if (at + 1 == s->n_points) {
		s->points[at].iv.latency = copy(iv->latency);
		s->points[at].iv.attempt_latency = copy(iv->attempt_latency);
	}
	return 0;
}

/* Adds what one of several saw, to its own series and to the whole. */
static int add_part(struct gd_results *r, struct series *s, const struct gd_interval *iv,
		    const struct as_read *read, struct gd_error *err)
{
	struct series *own = vantage_find(s, iv->vantage);
	struct point *p = point_of(s, iv->index);

	if (!own && s->n_vantages == GD_INTERVAL_MAX_VANTAGES)
		return gd_raise(err, GD_E_INPUT,
				"load %s.%s: more than %d vantage points", s->load,
				s->client, GD_INTERVAL_MAX_VANTAGES);
	if (!own)
		own = vantage_add(s, iv);
	if (!own)
		return gd_raise_nomem(err);
	s->n_of = iv->n_vantages;
	/* Refused when it is there already, before it would be added to the whole. */
	if (insert_part(r, own, iv, read, err) < 0)
		return -1;
	if (!p)
		return insert_part(r, s, iv, read, err);
	if (point_join(p, iv, err) < 0)
		return -1;
	drop_hists(s, (size_t)(p - s->points));
	for (size_t i = 0; i < r->n_stages; i++)
		tally_reset(&s->tallies[i]);
	return 0;
}

int gd_results_add_load(struct gd_results *r, const struct gd_interval *iv,
			struct gd_error *err)
{
	struct gd_interval own = *iv;
	int rc;

	own.latency = copy(iv->latency);
	own.attempt_latency = copy(iv->attempt_latency);
	rc = gd_res_add_load(r, &own, &(struct as_read){0}, err);
	gd_hist_free(own.latency);
	gd_hist_free(own.attempt_latency);
	return rc;
}

int gd_res_add_load(struct gd_results *r, struct gd_interval *iv,
		    const struct as_read *read, struct gd_error *err)
{
	struct series *s = gd_res_series_find(r, iv->load, iv->client);
	size_t at = 0;

	r->n_fed++;
	if (iv->start_wall_ns <= 0 || iv->length_ns <= 0 ||
	    iv->length_ns > INT64_MAX - iv->start_wall_ns)
		return gd_raise(err, GD_E_INPUT,
				"load %s.%s: interval %llu lies at no time", iv->load,
				iv->client, (unsigned long long)iv->index);
	if (!s && r->n_series == MAX_SERIES)
		return gd_raise(err, GD_E_INPUT, "more than %d loads and clients",
				MAX_SERIES);
	if (!s)
		s = series_add(r, iv);
	if (!s)
		return gd_raise_nomem(err);
	gd_res_saw(r, point_end(iv));
	if (iv->vantage[0] != '\0')
		return add_part(r, s, iv, read, err);
	if (series_insert(s, iv, read, &at, err) < 0)
		return -1;
	tally_interval(r, s, iv);
	/* The newest keeps its histograms. */
	if (at + 1 == s->n_points) {
		s->points[at].iv.latency = gd_steal_ptr(&iv->latency);
		s->points[at].iv.attempt_latency = gd_steal_ptr(&iv->attempt_latency);
	}
	return 0;
}

bool gd_res_point_is_whole(const struct series *s, size_t i)
{
	enum { LATE = 3 };
	const struct point *p = &s->points[i];

	return p->n_parts >= s->n_of ||
	       s->points[s->n_points - 1].iv.index >= p->iv.index + LATE;
}

size_t gd_results_n_vantages(const struct gd_results *r, size_t series)
{
	return r->series[series]->n_vantages;
}

const char *gd_results_vantage(const struct gd_results *r, size_t series, size_t vantage)
{
	return r->series[series]->vantages[vantage]->vantage;
}

int gd_results_vantage_stats(const struct gd_results *r, size_t series, size_t vantage,
			     const char *stage, struct gd_load_stats *ret)
{
	struct series *s = r->series[series]->vantages[vantage];
	size_t i = gd_res_stage_find(r, stage);
	const struct gd_load_stats *stats =
		i < MAX_STAGES ? gd_res_series_stats(r, s, i) : NULL;

	if (!stats)
		return 1;
	*ret = *stats;
	return 0;
}

size_t gd_results_vantage_lacks(const struct gd_results *r, size_t series, size_t vantage)
{
	const struct series *s = r->series[series];
	size_t has = s->vantages[vantage]->n_points;

	return s->n_points > has ? s->n_points - has : 0;
}

/* --- the queue -------------------------------------------------------------------------- */

/* When the last fault of an earlier stage was out; 0: there was none, or it is still in. */
static int64_t last_fault_out(const struct gd_results *r, size_t stage)
{
	int64_t out = 0;

	for (size_t i = 0; i < r->ledger.n; i++) {
		const struct fault *f = &r->ledger.faults[i];
		size_t of = f->stage ? gd_res_stage_find(r, f->stage) : MAX_STAGES;

		if (of < stage && f->injected_ns > 0 && f->reverted_ns > out)
			out = f->reverted_ns;
	}
	return out;
}

/* The most requests under way at the end of an interval of a baseline; one is always fine. */
static uint64_t usual_open(const struct gd_results *r, const struct series *s)
{
	uint64_t most = 1;

	for (size_t k = 0; k < r->n_stages; k++) {
		struct window win;

		if (strcmp(r->stages[k].kind, "baseline") != 0 ||
		    !gd_res_stage_window(&r->stages[k], &win))
			continue;
		for (size_t i = 0; i < s->n_points; i++) {
			const struct gd_interval *iv = &s->points[i].iv;

			if (inside(iv, win) && iv->counts.open > most)
				most = iv->counts.open;
		}
	}
	return most;
}

/*
 * Nanoseconds from the end of the last fault before the stage until no more requests of the
 * series were under way than at worst in a baseline; 0: there was no such fault; NAN: not yet.
 */
static double drained(const struct gd_results *r, const struct series *s, size_t stage)
{
	int64_t out = last_fault_out(r, stage);
	uint64_t usual;

	if (out == 0)
		return 0;
	usual = usual_open(r, s);
	for (size_t i = 0; i < s->n_points; i++) {
		const struct gd_interval *iv = &s->points[i].iv;

		if (point_end(iv) > out && iv->counts.open <= usual)
			return (double)(point_end(iv) - out);
	}
	return (double)NAN;
}

const struct gd_load_stats *gd_res_series_stats(const struct gd_results *r,
						struct series *s, size_t stage)
{
	struct tally *t = gd_res_series_tally(r, s, stage);

	if (!t)
		return NULL;
	if (t->finished_at != r->n_fed) {
		t->finished = t->stats;
		finish(&t->finished, t->latency, t->attempt_latency);
		finish_connects(&t->finished, t->connect, t->handshake);
		t->finished.drained = drained(r, s, stage);
		t->finished_at = r->n_fed;
	}
	return &t->finished;
}

int gd_results_load_stats(const struct gd_results *r, const char *load,
			  const char *client, const char *stage,
			  struct gd_load_stats *ret)
{
	struct series *s = gd_res_series_find(r, load, client);
	size_t i = gd_res_stage_find(r, stage);
	const struct gd_load_stats *stats =
		s && i < MAX_STAGES ? gd_res_series_stats(r, s, i) : NULL;

	if (!stats)
		return 1;
	*ret = *stats;
	return 0;
}

size_t gd_results_n_series(const struct gd_results *r)
{
	return r->n_series;
}

void gd_results_series(const struct gd_results *r, size_t i, const char **load,
		       const char **client)
{
	*load = r->series[i]->load;
	*client = r->series[i]->client;
}

size_t gd_results_n_intervals(const struct gd_results *r, size_t series)
{
	return r->series[series]->n_points;
}

const struct gd_interval *gd_results_interval(const struct gd_results *r, size_t series,
					      size_t i)
{
	return &r->series[series]->points[i].iv;
}

const struct gd_load_stats *gd_results_point(const struct gd_results *r, size_t series,
					     size_t i)
{
	return &r->series[series]->points[i].stats;
}

struct gd_hist *gd_results_latency(const struct gd_results *r, size_t series, size_t i)
{
	return gd_hist_unpack(r->series[series]->points[i].latency);
}

int gd_results_encoded(const struct gd_results *r, size_t series, size_t i,
		       const char **ret, struct gd_error *err)
{
	struct point *p = &r->series[series]->points[i];
	GD_AUTO(gd_hist) struct gd_hist *h = NULL;

	if (!p->encoded) {
		h = gd_hist_unpack(p->latency);
		if (!h)
			return gd_raise_nomem(err);
		if (gd_hist_encode(h, &p->encoded, err) < 0)
			return -1;
	}
	*ret = p->encoded;
	return 0;
}

int gd_results_hist(const struct gd_results *r, size_t series, const char *stage,
		    const struct gd_hist **ret)
{
	size_t i = gd_res_stage_find(r, stage);
	const struct tally *t;

	if (i == MAX_STAGES)
		return 1;
	t = gd_res_series_tally(r, r->series[series], i);
	if (!t)
		return 1;
	*ret = t->latency;
	return 0;
}

static bool in_any_stage(const struct gd_results *r, const struct gd_interval *iv)
{
	struct window win;

	for (size_t i = 0; i < r->n_stages; i++)
		if (gd_res_stage_window(&r->stages[i], &win) && inside(iv, win))
			return true;
	return false;
}

uint64_t gd_results_transition(const struct gd_results *r, size_t series)
{
	const struct series *s = r->series[series];
	uint64_t sum = 0;

	for (size_t i = 0; i < s->n_points; i++)
		if (!in_any_stage(r, &s->points[i].iv))
			add_count(&sum, s->points[i].stats.requests);
	return sum;
}
