/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not a fault but what is tried against one, in the same life: announced, proved, measured
 * and taken back by whoever is left. A runbook says how it is done, how it is undone, and
 * which command prints what it changes. What that prints is the state; undoing is over when
 * it prints what it printed before, and so the undo is not run when it does so already.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "injectors/injector.h"
#include "injectors/ports.h"

enum { MAX_COMMAND = 64 * 1024, MAX_STATE = 64 * 1024, MAX_LOOK = 199 };

struct args {
	char *action, *command, *undo, *state;
	struct gd_span timeout;
};

struct undo {
	char *undo, *state, *before;
	struct gd_span timeout;
};

#define TEXT_ROW(type, member, most, words)                                              \
	{                                                                                \
		.name = #member, .help = (words), .kind = GD_KIND_TEXT,                  \
		.flags = GD_FIELD_REQUIRED, GD_MEMBER(type, member), .min = 1,           \
		.max = (most)                                                            \
	}

static const struct gd_field arg_rows[] = {
	TEXT_ROW(struct args, action, 1000, "the runbook's name for it"),
	TEXT_ROW(struct args, command, MAX_COMMAND, "does it, as root"),
	TEXT_ROW(struct args, undo, MAX_COMMAND,
		 "takes it back; GAMEDAY_BEFORE is what state printed before"),
	TEXT_ROW(struct args, state, MAX_COMMAND,
		 "prints what it changes, and nothing that changes by itself"),
	{.name = "timeout",
	 .help = "each of these takes so long at most",
	 .kind = GD_KIND_DURATION,
	 .dflt = "10s",
	 GD_MEMBER(struct args, timeout),
	 .min = GD_NS_PER_MS,
	 .max = 10 * GD_NS_PER_S},
};

static const struct gd_field undo_rows[] = {
	TEXT_ROW(struct undo, undo, MAX_COMMAND, "takes it back"),
	TEXT_ROW(struct undo, state, MAX_COMMAND, "prints what was changed"),
	{.name = "before",
	 .help = "what it printed",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct undo, before),
	 .max = MAX_STATE},
	{.name = "timeout",
	 .help = "limit of each",
	 .kind = GD_KIND_DURATION,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct undo, timeout)},
};

/* --- words --------------------------------------------------------------------------- */

static int check(const void *args, struct gd_error *err)
{
	const struct args *a = args;

	if (strspn(a->action, " \t\r\n") == strlen(a->action))
		return gd_raise(err, GD_E_INPUT, "action is blank");
	return 0;
}

/* The first line of a command, and whether there is more. */
static void add_line(const char *text, struct gd_strbuf *out)
{
	size_t n = strcspn(text, "\r\n"), rest = n + strspn(text + n, "\r\n");

	gd_strbuf_addf(out, "%.*s%s", (int)n, text, text[rest] ? " ..." : "");
}

static void describe(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;

	gd_strbuf_adds(out, "mitigation \"");
	add_line(a->action, out);
	gd_strbuf_adds(out, "\": ");
	add_line(a->command, out);
}

/* The action as a comment, so that whoever pastes it knows what it is. */
static void add_undo(const struct args *a, const char *before, struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# takes back: ");
	add_line(a->action, out);
	gd_strbuf_addc(out, '\n');
	if (before && strstr(a->undo, "GAMEDAY_BEFORE")) {
		gd_strbuf_adds(out, "GAMEDAY_BEFORE='");
		for (const char *c = before; *c; c++)
			gd_strbuf_addf(out, *c == '\'' ? "'\\''" : "%c", *c);
		gd_strbuf_adds(out, "'\n");
	}
	gd_strbuf_adds(out, a->undo);
	if (a->undo[strlen(a->undo) - 1] != '\n')
		gd_strbuf_addc(out, '\n');
}

static void manual(const void *args, struct gd_strbuf *out)
{
	add_undo(args, NULL, out);
}

static void manual_captured(const void *args, const void *undo, struct gd_strbuf *out)
{
	add_undo(args, ((const struct undo *)undo)->before, out);
}

static void look(const void *args, struct gd_strbuf *out)
{
	const struct args *a = args;
	size_t n = strlen(a->state);

	while (n > 0 && a->state[n - 1] == '\n')
		n--;
	if (n <= MAX_LOOK && !memchr(a->state, '\n', n))
		gd_strbuf_add(out, a->state, n);
	else
		gd_strbuf_adds(out, "the state command of that mitigation");
}

/* --- the host ------------------------------------------------------------------------- */

/* Runs one of the commands; a status that is not 0 is an error with what was printed. */
static int run(const struct gd_ports *p, const char *command, const char *before,
	       struct gd_span limit, const char *what, struct gd_strbuf *out,
	       struct gd_error *err)
{
	size_t start = out->len;
	int status;

	if (p->shell->run(p->shell->ctx, command, before, limit, MAX_STATE, out, &status,
			  err) < 0)
		return gd_wrap(err, "the %s command: ", what);
	if (status == 0)
		return 0;
	return gd_raise(err, GD_E_SYSTEM, "the %s command ended with status %d: %.200s",
			what, status, gd_strbuf_str(out) + start);
}

static int state(const struct gd_ports *p, const void *args, struct gd_strbuf *out,
		 struct gd_error *err)
{
	const struct args *a = args;

	return run(p, a->state, NULL, a->timeout, "state", out, err);
}

static int doctor(const struct gd_ports *p, struct gd_strbuf *out,
		  struct gd_error *err GD_UNUSED)
{
	gd_strbuf_adds(out,
		       p->shell ? "any mitigation of a runbook, by /bin/sh" : "no shell");
	return 0;
}

static int preflight(const struct gd_ports *p, const void *args, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);

	return state(p, args, &text, err);
}

static int capture(const struct gd_ports *p, const void *args, void *undo,
		   struct gd_error *err)
{
	const struct args *a = args;
	struct undo *u = undo;
	GD_AUTO_STRBUF(before);

	if (state(p, args, &before, err) < 0)
		return -1;
	u->undo = strdup(a->undo);
	u->state = strdup(a->state);
	u->before = strdup(gd_strbuf_str(&before));
	u->timeout = a->timeout;
	return u->undo && u->state && u->before ? 0 : gd_raise_nomem(err);
}

static int apply(const struct gd_ports *p, const void *args, const void *undo,
		 struct gd_error *err)
{
	const struct args *a = args;
	const struct undo *u = undo;
	GD_AUTO_STRBUF(out);

	return run(p, a->command, u->before, a->timeout, "mitigation's", &out, err);
}

/* Lines of what is there now that were not there before. */
static int64_t changed_lines(const char *before, const char *now)
{
	int64_t n = 0;

	while (*now || *before) {
		size_t a = strcspn(before, "\n"), b = strcspn(now, "\n");

		n += a != b || memcmp(before, now, a) != 0;
		before += a + (before[a] == '\n');
		now += b + (now[b] == '\n');
	}
	return n;
}

static int verify(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_error *err)
{
	const struct undo *u = undo;
	GD_AUTO_STRBUF(now);

	if (state(p, args, &now, err) < 0)
		return -1;
	if (strcmp(gd_strbuf_str(&now), u->before ? u->before : "") != 0)
		return 0;
	return gd_raise(err, GD_E_DRIFT,
			"it changed nothing that its state command prints");
}

static int effect(const struct gd_ports *p, const void *args, const void *undo,
		  struct gd_effect *ret, struct gd_error *err)
{
	const struct undo *u = undo;
	GD_AUTO_STRBUF(now);
	int64_t n;

	if (state(p, args, &now, err) < 0)
		return -1;
	n = changed_lines(u->before ? u->before : "", gd_strbuf_str(&now));
	*ret = (struct gd_effect){.seen = n > 0, .n_counters = 1};
	(void)snprintf(ret->text, sizeof(ret->text),
		       "%" PRId64 " %s of its state %s not as before", n,
		       n == 1 ? "line" : "lines", n == 1 ? "is" : "are");
	ret->counters[0] =
		(struct gd_counter){.name = "lines_changed", .value = (double)n};
	return 0;
}

static int revert(const struct gd_ports *p, const void *undo, struct gd_error *err)
{
	const struct undo *u = undo;
	const char *before = u->before ? u->before : "";
	GD_AUTO_STRBUF(now);
	GD_AUTO_STRBUF(out);

	if (run(p, u->state, NULL, u->timeout, "state", &now, err) < 0)
		return -1;
	if (strcmp(gd_strbuf_str(&now), before) == 0)
		return 0;
	return run(p, u->undo, before, u->timeout, "undo", &out, err);
}

extern const struct gd_injector gd_injector_mitigation;
const struct gd_injector gd_injector_mitigation = {
	.name = "mitigation",
	.summary = "Tries what a runbook says against a fault, and takes it back.",
	.target_field = "action",
	.of_runbook = true,
	/* Whatever it does to the network: the way back is proved under it. */
	.network = true,
	.args = GD_SHAPE("mitigation", arg_rows, struct args),
	.undo = GD_SHAPE("mitigation undo", undo_rows, struct undo),
	.check = check,
	.describe = describe,
	.manual = manual,
	.manual_captured = manual_captured,
	.look = look,
	.doctor = doctor,
	.preflight = preflight,
	.state = state,
	.capture = capture,
	.apply = apply,
	.verify = verify,
	.effect = effect,
	.revert = revert,
};
