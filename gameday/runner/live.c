/* SPDX-License-Identifier: Apache-2.0 */
/* The run's state, for the view; and what people at the keyboard do to the view. */
#include "gameday/runner/session.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

/* Of the journal, read per tick while looking for notes; the rest comes with the next. */
enum { NOTES_CHUNK = 64 * 1024 };

/* --- showing ------------------------------------------------------------------------- */

static bool is_shown(const struct gd_live_fault *f)
{
	return f->phase == GD_FAULT_IN || f->phase == GD_FAULT_ASKED ||
	       f->phase == GD_FAULT_LEFT;
}

/* What each fault that is in does now; text is owned by the caller's buffers. */
static size_t show_faults(const struct gd_run *r, struct gd_shown_fault *out,
			  struct gd_strbuf *texts)
{
	size_t n = 0;

	for (size_t i = 0; i < r->plan.n_faults; i++) {
		const struct gd_live_fault *f = &r->faults[i];

		if (!is_shown(f))
			continue;
		gd_strbuf_clear(&texts[n]);
		if (f->phase == GD_FAULT_LEFT)
			gd_strbuf_adds(&texts[n], "LEFT BEHIND: ");
		f->plan->kind->describe(gd_cycle_level(f)->args, &texts[n]);
		out[n] = (struct gd_shown_fault){
			.host = f->member->inv->name,
			.what = gd_strbuf_str(&texts[n]),
			.coming = f->phase == GD_FAULT_ASKED || !f->in.ns,
			.since_wall_ns =
				gd_wall_now().ns - gd_between(f->in, gd_now()).ns,
		};
		n++;
	}
	return n;
}

static size_t show_clocks(const struct gd_run *r, struct gd_shown_clock *out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->fleet.n; i++)
		if (r->fleet.members[i].state == GD_MEMBER_READY)
			out[n++] = (struct gd_shown_clock){
				.host = r->fleet.members[i].inv->name,
				.offset_ns = r->fleet.members[i].clock.wall_offset_ns};
	return n;
}

static const char *doing(const struct gd_run *r)
{
	if (r->ended)
		return "writing the report";
	if (!r->faults)
		return "connecting";
	return r->guarded_from ? "between stages" : "connecting and checking the hosts";
}

void gd_live_draw(struct gd_run *r)
{
	size_t n_faults = r->faults ? r->plan.n_faults : 0;
	GD_AUTO_FREE struct gd_shown_fault *faults =
		calloc(n_faults + 1, sizeof(*faults));
	GD_AUTO_FREE struct gd_strbuf *texts = calloc(n_faults + 1, sizeof(*texts));
	GD_AUTO_FREE struct gd_shown_clock *clocks =
		calloc(r->fleet.n + 1, sizeof(*clocks));
	struct gd_shown_run shown = {
		.title = r->scenario.title ? r->scenario.title : r->scenario.name,
		.run = gd_record_id(r->rec),
		.results = r->results,
		.scenario = &r->scenario,
		.stage = r->stage,
		.stage_until = r->stage_until,
		.doing = doing(r),
		.undoing = r->undoing,
		.faults = faults,
		.clocks = clocks,
	};

	if (!faults || !texts || !clocks)
		return;
	if (r->faults)
		shown.n_faults = show_faults(r, faults, texts);
	shown.n_clocks = show_clocks(r, clocks);
	gd_view_show(r->view, &shown);
	for (size_t i = 0; i < n_faults; i++)
		gd_strbuf_fini(&texts[i]);
}

/* --- notes --------------------------------------------------------------------------- */

static void take_note(struct gd_run *r, const char *text, size_t size)
{
	GD_AUTO(cJSON) cJSON *line = NULL;
	struct gd_error ignored = GD_ERROR_INIT;
	const char *kind, *by;

	if (gd_json_parse(text, size, &line, &ignored) < 0 ||
	    strcmp(gd_json_str(line, "event", ""), "note") != 0)
		return;
	kind = gd_json_str(line, "kind", "text");
	by = gd_json_str(line, "by", "");
	gd_view_event(r->view, GD_TONE_PLAIN, "note     %s%s%s%s%s", by, *by ? ": " : "",
		      strcmp(kind, "text") == 0 ? "" : kind,
		      strcmp(kind, "text") == 0 ? "" : " ",
		      gd_json_str(line, "text", ""));
	if (strcmp(kind, "diagnosed") == 0)
		gd_view_reveal(r->view, "by the note diagnosed");
}

void gd_live_hear_notes(struct gd_run *r)
{
	GD_AUTO_FREE char *path = gd_path_join(gd_record_dir(r->rec), "journal.jsonl");
	GD_AUTO_FREE char *data = malloc(NOTES_CHUNK);
	GD_AUTO_FD int fd = -1;
	char *line, *end;
	ssize_t n;

	if (!path || !data)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = pread(fd, data, NOTES_CHUNK, r->notes_read);
	if (n <= 0)
		return;
	for (line = data; (end = memchr(line, '\n', (size_t)(data + n - line)));
	     line = end + 1)
		if (memmem(line, (size_t)(end - line), "\"event\":\"note\"", 14))
			take_note(r, line, (size_t)(end - line));
	/* A line longer than a chunk is no note of a person. */
	r->notes_read += line > data ? line - data : n == NOTES_CHUNK ? n : 0;
}

void gd_live_record_reveal(struct gd_run *r)
{
	const char *why = gd_view_revealed(r->view);

	if (!why || r->reveal_recorded)
		return;
	r->reveal_recorded = true;
	gd_record_event_text(r->rec, "revealed", "why", why);
}
