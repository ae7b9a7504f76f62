/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clients of one load in one stage, best first: by success, and where that does not
 * differ by p99. All have seen the same arrivals at the same time, so what differs is what
 * their policies do. Whether something differs is asked of the intervals, each with that of
 * the other client at the same time (load/ranks.h): where neither is better more often than
 * chance would have it, they share a rank.
 */
#pragma once

#include "gameday/load/spec.h"
#include "gameday/results/results.h"

/* A difference that chance makes less often than this is taken for one. */
#define GD_RANKING_P 0.01

struct gd_ranked {
	size_t series, rank; /* rank from 1; those that share one follow each other */
	const char *client;  /* borrowed from the results */
	struct gd_load_stats stats;
	/* Against the first of those it might share a rank with; NAN: that is itself, or
	 * there are too few intervals to tell, which counts as no difference. */
	double success_p, p99_p;
};

struct gd_ranking {
	const char *load, *stage; /* borrowed from the results */
	struct gd_ranked at[GD_LOAD_MAX_CLIENTS];
	size_t n;
};

/* Those that measured something in the stage; n is 0 or 1 when there is nothing to rank. */
int gd_ranking_make(const struct gd_results *r, const char *load, const char *stage,
		    struct gd_ranking *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* Is its rank another's too? */
bool gd_ranking_is_shared(const struct gd_ranking *k, size_t i) GD_NONNULL;
/* What the client's policy cost: "6.1 % more attempts: 87 retries; 5.8 % wasted". */
void gd_ranking_cost(const struct gd_load_stats *s, struct gd_strbuf *out) GD_NONNULL;
/* One sentence: who did best, against the last, and at what price. */
void gd_ranking_say(const struct gd_ranking *k, struct gd_strbuf *out) GD_NONNULL;
/*
 * The i-th load and fault stage with several clients: 1 with *ret, 0 when there are no more,
 * -1 out of memory.
 */
int gd_ranking_next(const struct gd_results *r, size_t *i, struct gd_ranking *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* All of these, as report.json has them; NULL: out of memory. Caller frees. */
cJSON *gd_ranking_json(const struct gd_results *r) GD_NONNULL GD_MUST_CHECK;
