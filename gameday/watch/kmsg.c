/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors in the kernel's log since the watch began. A gray failure is one about which this
 * log says nothing; so a zero here is a finding, and records that were overwritten before
 * they were read are told, not taken for silence.
 */
#include "gameday/watch/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/watch/watch.h"

/* The kernel gives a record whole and refuses to give it to a shorter buffer. */
enum { MAX_RECORD = 8192, MAX_PER_SAMPLE = 4096, LEVEL_ERR = 3, LEVEL_WARNING = 4 };

struct args {
	char match[128];
};

struct state {
	int fd;
	char match[128];
	struct gd_kmsg_counts counts;
	int64_t lost;
};

static const struct gd_field arg_rows[] = {
	{.name = "match",
	 .help = "also count the kernel's records with this text",
	 .dflt = "",
	 .kind = GD_KIND_NAME,
	 GD_MEMBER(struct args, match)},
};

static const struct gd_metric_row metrics[] = {
	{"errors", GD_UNIT_COUNT, "records of level err or worse"},
	{"disk_errors", GD_UNIT_COUNT, "errors and warnings about disks, file systems"},
	{"matched", GD_UNIT_COUNT, "records with the text of `match`"},
	{"lost", GD_UNIT_COUNT,
	 "times that records were overwritten before they were read"},
	{0},
};

static const char *const gauges[] = {NULL};

/* --- one record ---------------------------------------------------------------------- */

/* Words of the block layer, of drivers below it and of file systems above it. */
static bool is_about_disks(const char *text)
{
	static const char *const words[] = {
		"I/O error",    /* block layer, XFS, NVMe */
		" error, dev ", /* "critical medium error, dev sda, sector 5" */
		"-fs error",    /* "EXT4-fs error (device dm-0): ..." */
		"BTRFS error",  /* with the device */
		"lost async page write",
		"Remounting filesystem read-only",
		"rejecting I/O to",   /* SCSI: a disk that was taken offline */
		": failed command: ", /* libata */
		"timeout, aborting",  /* NVMe */
		"timeout, reset controller",
	};

	for (size_t i = 0; i < GD_N_ELEMS(words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

void gd_kmsg_count(const char *record, const char *match, struct gd_kmsg_counts *counts)
{
	GD_AUTO_FREE char *line = NULL;
	const char *text = strchr(record, ';');
	char *end;
	unsigned long priority = strtoul(record, &end, 10);

	/* Priority is facility times 8 plus level; the kernel is facility 0. */
	if (end == record || *end != ',' || !text || priority > 7)
		return;
	line = strndup(text + 1, strcspn(text + 1, "\n"));
	if (!line)
		return;
	counts->errors += priority <= LEVEL_ERR;
	counts->disk_errors += priority <= LEVEL_WARNING && is_about_disks(line);
	counts->matched += *match && strstr(line, match);
}

/* --- the watch ----------------------------------------------------------------------- */

static int open_kmsg(const void *args, void **ret_state, struct gd_error *err)
{
	const struct args *a = args;
	GD_AUTO_FREE struct state *s = calloc(1, sizeof(*s));
	GD_AUTO_FD int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (!s)
		return gd_raise_nomem(err);
	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		return gd_raise_errno(err,
				      "/dev/kmsg: read the kernel's log, which takes "
				      "root or CAP_SYSLOG");
	(void)snprintf(s->match, sizeof(s->match), "%s", a->match);
	s->fd = gd_steal_fd(&fd);
	*ret_state = gd_steal_ptr(&s);
	return 0;
}

static void add(struct gd_watch_sample *out, const char *name, int64_t value)
{
	struct gd_watch_value *v = &out->values[out->n++];

	(void)snprintf(v->name, sizeof(v->name), "%s", name);
	v->value = (double)value;
}

static int sample(void *state, struct gd_watch_sample *ret, struct gd_error *err)
{
	struct state *s = state;
	char record[MAX_RECORD + 1];

	/* What a flood leaves over is for the next sample. */
	for (int i = 0; i < MAX_PER_SAMPLE; i++) {
		ssize_t n = read(s->fd, record, MAX_RECORD);

		if (n > 0) {
			record[n] = '\0';
			gd_kmsg_count(record, s->match, &s->counts);
			continue;
		}
		if (n == 0 || errno == EAGAIN)
			break;
		if (errno == EPIPE)
			s->lost++;
		else if (errno != EINTR)
			return gd_raise_errno(err, "/dev/kmsg: read");
	}
	ret->n = 0;
	add(ret, "errors", s->counts.errors);
	add(ret, "disk_errors", s->counts.disk_errors);
	add(ret, "matched", s->counts.matched);
	add(ret, "lost", s->lost);
	return 0;
}

static void close_kmsg(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	(void)close(s->fd);
	free(s);
}

extern const struct gd_watch_kind gd_watch_kmsg;
const struct gd_watch_kind gd_watch_kmsg = {
	.name = "kmsg",
	.summary = "Errors in the kernel's log: of any kind, and of disks.",
	.args = GD_SHAPE("kmsg", arg_rows, struct args),
	.metrics = metrics,
	.gauges = gauges,
	.open = open_kmsg,
	.sample = sample,
	.close = close_kmsg,
};
