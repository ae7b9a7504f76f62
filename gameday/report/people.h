/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The people of a run: who played which role, and what they noticed and did, beside what
 * was true at the time.
 */
#pragma once

#include "gameday/report/model.h"

/* In the order in which they are told. Those of people are the first note of their kind. */
enum gd_moment_kind {
	GD_MOMENT_HARM,      /* clients were first hurt */
	GD_MOMENT_SIGNAL,    /* the runbook's first detection, see evidence.h */
	GD_MOMENT_DETECTED,  /* people */
	GD_MOMENT_DIAGNOSED, /* people */
	GD_MOMENT_MITIGATED, /* people */
	GD_MOMENT_UNDONE,    /* the last fault was out */
	GD_MOMENT_RECOVERED, /* from here on no client was hurt */
	GD_MOMENT_DECLARED,  /* people said that it recovered */
	GD_N_MOMENTS
};
struct gd_moment {
	const char *key, *name; /* "harm", "harm began" */
	bool by_people;
	int64_t at_ns;    /* wall; 0: missing */
	const char *by;   /* who noted it; "" when not told. Borrowed, as is text */
	const char *text; /* what was seen or said; of a missing one, why there is none */
};
void gd_people_moments(const struct gd_report *r,
		       struct gd_moment ret[GD_N_MOMENTS]) GD_NONNULL;
/* Is this journal record a note? */
bool gd_people_is_note(const cJSON *event) GD_NONNULL;
/* Did anybody take one? */
bool gd_people_noted(const struct gd_report *r) GD_NONNULL;
/*
 * For a terminal: the moments in one line, what nobody noted in another, and a line for each
 * finding. Nothing when there is neither note nor finding. The text is clean.
 */
void gd_people_lines(const struct gd_report *r, struct gd_strbuf *out) GD_NONNULL;
/* When things happened that a run tells of, in order of time: missing ones come last. */
void gd_people_sort(struct gd_moment moments[GD_N_MOMENTS]) GD_NONNULL;

/* How long people and system took from one moment to the next. */
struct gd_people_gap {
	const char *key, *name; /* "harm_to_signal", "harm began to first signal" */
	enum gd_moment_kind from, to;
	double seconds; /* NAN: one of the two is missing; below 0: they came in the other order */
};
enum { GD_N_PEOPLE_GAPS = 5 };
void gd_people_gaps(const struct gd_moment moments[GD_N_MOMENTS],
		    struct gd_people_gap ret[GD_N_PEOPLE_GAPS]) GD_NONNULL;

/* {"coordinator": ["Ada"]} of the run_started record; NULL: nobody is named. Borrowed. */
const cJSON *gd_people_roles(const struct gd_report *r) GD_NONNULL;
/* The role of that name, or NULL. */
const char *gd_people_role_of(const struct gd_report *r, const char *name) GD_NONNULL;

/* Was what was injected hidden from the live view, and until when? */
struct gd_blindness {
	bool blind;
	int64_t revealed_ns; /* wall; 0: never, as when the runner died */
	const char *why;     /* "by the note diagnosed"; borrowed */
};
struct gd_blindness gd_people_blindness(const struct gd_report *r) GD_NONNULL;
