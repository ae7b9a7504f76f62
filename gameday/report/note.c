/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/base/strbuf.h"
#include "gameday/base/units.h"
#include "gameday/report/text.h"

const char *const gd_note_kinds[] = {"detected", "diagnosed", "mitigated", "recovered",
				     NULL};

bool gd_note_is_kind(const char *word)
{
	for (size_t i = 0; gd_note_kinds[i]; i++)
		if (strcmp(gd_note_kinds[i], word) == 0)
			return true;
	return false;
}

/* --- writing -------------------------------------------------------------------------- */

/* A crash may have cut the last line: then the note starts a line of its own. */
static bool ends_in_line(int fd)
{
	struct stat st;
	char last = '\n';

	if (fstat(fd, &st) < 0 || st.st_size == 0)
		return true;
	return pread(fd, &last, 1, st.st_size - 1) != 1 || last == '\n';
}

/* wall_ns is when it happened; noted_ns, when that was not now, when it was written. */
static char *note_line(const struct gd_note *note)
{
	GD_AUTO(cJSON) cJSON *line = cJSON_CreateObject();
	GD_AUTO_FREE char *text = strdup(note->text),
			  *by = strdup(note->by ? note->by : "");
	int64_t now = gd_wall_now().ns;

	if (!text || !by)
		return NULL;
	gd_text_clean(text, strlen(text));
	gd_text_clean(by, strlen(by));
	if (!gd_json_set_int(line, "wall_ns", note->at_ns ? note->at_ns : now) ||
	    !gd_json_set_int(line, "mono_ns", gd_now().ns) ||
	    !gd_json_set_str(line, "event", "note") ||
	    !gd_json_set_str(line, "kind", note->kind) ||
	    !gd_json_set_str(line, "text", text))
		return NULL;
	if (*by && !gd_json_set_str(line, "by", by))
		return NULL;
	if (note->at_ns && !gd_json_set_int(line, "noted_ns", now))
		return NULL;
	return gd_json_print(line);
}

static int check(const struct gd_note *note, struct gd_error *err)
{
	if (strlen(note->text) > GD_NOTE_MAX)
		return gd_raise(err, GD_E_INPUT,
				"a note has at most %d bytes, this one %zu: shorten it, "
				"or write two",
				GD_NOTE_MAX, strlen(note->text));
	if (note->by && strlen(note->by) > GD_NOTE_WHO_MAX)
		return gd_raise(err, GD_E_INPUT,
				"a name has at most %d bytes, this one %zu",
				GD_NOTE_WHO_MAX, strlen(note->by));
	return 0;
}

/* Never a second write: between the two, the runner's line would stand. */
static int write_once(int fd, const struct gd_strbuf *line, struct gd_error *err)
{
	ssize_t n;

	do
		n = write(fd, line->data, line->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return gd_raise_errno(err, "write");
	if ((size_t)n < line->len)
		return gd_raise(err, GD_E_SYSTEM,
				"the disk is full: the note was not written whole; make "
				"room and write it again");
	return 0;
}

int gd_note_write(const char *dir, const struct gd_note *note, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, "journal.jsonl");
	GD_AUTO_FREE char *line = NULL;
	GD_AUTO_STRBUF(out);
	GD_AUTO_FD int fd = -1;

	if (check(note, err) < 0)
		return -1;
	line = note_line(note);
	if (!path || !line)
		return gd_raise_nomem(err);
	fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return gd_raise_errno(err, "%s", path);
	if (!ends_in_line(fd))
		gd_strbuf_addc(&out, '\n');
	gd_strbuf_addf(&out, "%s\n", line);
	if (out.failed)
		return gd_raise_nomem(err);
	if (write_once(fd, &out, err) < 0)
		return gd_wrap(err, "%s: ", path);
	return 0;
}

/* --- times ---------------------------------------------------------------------------- */

enum { DAY_S = 86400, SLACK_S = 60 };

static int unreadable(const char *text, struct gd_error *err)
{
	return gd_raise(err, GD_E_INPUT,
			"\"%.60s\" is no time: write 14:32:10 (local time; 14:32:10Z is "
			"UTC), 2026-11-28T14:32:10, -2m (before now) or +95s (after the "
			"run began)",
			text);
}

static int relative(const char *text, int64_t started_ns, int64_t now_ns, int64_t *ret,
		    struct gd_error *err)
{
	struct gd_error ignored = GD_ERROR_INIT;
	struct gd_span span;

	if (gd_span_parse(text + 1, &span, &ignored) < 0 || span.ns < 0)
		return unreadable(text, err);
	*ret = *text == '-' ? now_ns - span.ns : started_ns + span.ns;
	return 0;
}

/* ".25" of a second, as far as nanoseconds go; NULL when no digit follows the point. */
static const char *fraction(const char *p, int64_t *ret)
{
	int64_t unit = GD_NS_PER_S;

	*ret = 0;
	if (*p != '.')
		return p;
	if (p[1] < '0' || p[1] > '9')
		return NULL;
	for (p++; *p >= '0' && *p <= '9'; p++) {
		unit /= 10;
		*ret += unit * (*p - '0');
	}
	return p;
}

static int64_t seconds_of(struct tm tm, bool utc)
{
	tm.tm_isdst = -1;
	return utc ? timegm(&tm) : mktime(&tm);
}

/* The first such time of day at or after the run's begin, if within half a day of it. */
static int64_t on_run_day(struct tm clock, bool utc, int64_t started_s)
{
	time_t start = (time_t)started_s;
	struct tm day;

	if (!(utc ? gmtime_r(&start, &day) : localtime_r(&start, &day)))
		return -1;
	for (int i = -1; i <= 1; i++) {
		struct tm tm = day;
		int64_t s;

		tm.tm_mday += i;
		tm.tm_hour = clock.tm_hour;
		tm.tm_min = clock.tm_min;
		tm.tm_sec = clock.tm_sec;
		s = seconds_of(tm, utc);
		/* The run began within that second, perhaps. */
		if (s >= started_s && s < started_s + DAY_S / 2)
			return s;
	}
	day.tm_hour = clock.tm_hour;
	day.tm_min = clock.tm_min;
	day.tm_sec = clock.tm_sec;
	return seconds_of(day, utc);
}

static int absolute(const char *text, int64_t started_ns, int64_t *ret,
		    struct gd_error *err)
{
	static const struct {
		const char *form;
		bool date;
	} forms[] = {{"%Y-%m-%dT%H:%M:%S", true},
		     {"%Y-%m-%dT%H:%M", true},
		     {"%H:%M:%S", false},
		     {"%H:%M", false}};

	for (size_t i = 0; i < GD_N_ELEMS(forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i].form, &tm);
		int64_t part = 0, s;
		bool utc;

		end = end ? fraction(end, &part) : NULL;
		utc = end && *end == 'Z';
		if (!end || end[utc] != '\0')
			continue;
		s = forms[i].date ? seconds_of(tm, utc)
				  : on_run_day(tm, utc, started_ns / GD_NS_PER_S);
		if (s <= 0 || s > INT64_MAX / GD_NS_PER_S - 1)
			return unreadable(text, err);
		*ret = s * GD_NS_PER_S + part;
		return 0;
	}
	return unreadable(text, err);
}

int gd_note_time(const char *text, int64_t started_ns, int64_t now_ns, int64_t *ret,
		 struct gd_error *err)
{
	char at[32], limit[32];
	int64_t ns = 0;
	int rc = *text == '-' || *text == '+'
			 ? relative(text, started_ns, now_ns, &ns, err)
			 : absolute(text, started_ns, &ns, err);

	if (rc < 0)
		return -1;
	(void)gd_wall_format((struct gd_wall){ns}, at);
	/* Written to the second, it may round below the begin. */
	if (ns < started_ns - started_ns % GD_NS_PER_S)
		return gd_raise(err, GD_E_INPUT,
				"%.60s is %s, before the run began at %s", text, at,
				gd_wall_format((struct gd_wall){started_ns}, limit));
	if (ns > now_ns + SLACK_S * GD_NS_PER_S)
		return gd_raise(
			err, GD_E_INPUT,
			"%.60s is %s, in the future: it is %s (14:32:10 is local time, "
			"14:32:10Z is UTC)",
			text, at, gd_wall_format((struct gd_wall){now_ns}, limit));
	*ret = ns;
	return 0;
}
