/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's journal of faults: what was about to be changed and how to undo it, on disk
 * before the change; and what became of it. Append-only, one line per step:
 *
 *   CHECKSUM {"step": "open", ...record...}
 *   CHECKSUM {"step": "change", "id": N, "wall_ns": N, "args": {...}}
 *   CHECKSUM {"step": "active" | "clean" | "left-behind", "id": N, "wall_ns": N, ...}
 *
 * The last two bear "undone": who undid it, when, why, and what was seen of it (said.h).
 *
 * CHECKSUM is the first 16 hex digits of the SHA-256 of the rest of the line. A last line
 * without its newline was being written when the host or the agent died; since its sync
 * never returned, the step it announces was never taken, and it is ignored. Any other line
 * that does not check makes the journal damaged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "injectors/agent/record.h"

enum gd_phase { GD_PHASE_OPEN, GD_PHASE_ACTIVE, GD_PHASE_CLEAN, GD_PHASE_LEFT_BEHIND };

/* "open", "active", "clean", "left-behind" */
const char *gd_phase_name(enum gd_phase phase);

struct gd_journal_entry {
	struct gd_record record;
	enum gd_phase phase; /* never CLEAN: those are over */
	cJSON *undone;       /* owned: of the last try; NULL when there was none */
};

/* One that is over: undone, and the state was as before. */
struct gd_journal_closed {
	struct gd_record record;
	char *after;   /* owned: the state text that was read back; may be NULL */
	cJSON *undone; /* owned; may be NULL */
};

enum { GD_JOURNAL_MAX_CLOSED = 64 };

/* What a journal says is not over yet, in the order it began; and what was over last. */
struct gd_journal_view {
	struct gd_journal_entry *entries; /* owned */
	size_t n;
	struct gd_journal_closed *closed; /* owned: the newest, at most MAX_CLOSED */
	size_t n_closed;
	int64_t last_id;
	size_t n_damaged;     /* lines that can't be trusted */
	size_t first_damaged; /* number of the first of them, from 1; 0: none */
};

void gd_journal_view_fini(struct gd_journal_view *v) GD_NONNULL;
#define GD_AUTO_JOURNAL_VIEW __attribute__((cleanup(gd_journal_view_fini)))

/* Pure; bad lines are counted, not errors. -1 only for want of memory. Caller calls fini. */
int gd_journal_parse(const char *text, size_t size, struct gd_journal_view *ret,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/* The journal in state_dir; none yet is an empty view. */
int gd_journal_load(const char *state_dir, struct gd_journal_view *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;

struct gd_journal {
	int fd; /* owned; -1: closed */
	int64_t last_id;
	int crash_at; /* tests: SIGKILL to ourselves at the n-th step; 0: never */
	int steps;    /* taken so far: two per line, before writing and after syncing */
};

/*
 * Opens for appending, making directory (0700) and file (0600) if need be, and cutting off
 * an unfinished last line. Only the holder of the claim may. A journal of more than 1 MiB
 * in which nothing is open is put aside as journal.old first.
 */
int gd_journal_open(const char *state_dir, struct gd_journal *ret,
		    struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
void gd_journal_close(struct gd_journal *j) GD_NONNULL;
/* The id that the next record has to bear. */
int64_t gd_journal_next_id(const struct gd_journal *j) GD_NONNULL;
/* Writes the opening line of r, which bears the next id; on disk when it returns. */
int gd_journal_begin(struct gd_journal *j, const struct gd_record *r,
		     struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * An active fault is about to be changed to args; how it is undone stays as it was. On disk
 * when it returns.
 */
int gd_journal_change(struct gd_journal *j, int64_t id, const cJSON *args,
		      struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
/*
 * The next step of a fault; after, problem and undone (as gd_undone_to_json makes it) may be
 * NULL. On disk when it returns.
 */
int gd_journal_step(struct gd_journal *j, int64_t id, enum gd_phase phase,
		    const char *after, const char *problem, const cJSON *undone,
		    struct gd_error *err) GD_NONNULL_ARGS(1, 7) GD_MUST_CHECK;
/* Puts a damaged journal aside as journal.damaged; the next open begins a new one. */
int gd_journal_set_aside(const char *state_dir,
			 struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
