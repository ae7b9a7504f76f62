/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long it takes until 4 KiB are safely on the disk below a directory: what a database
 * waits for at every commit. A process of its own writes and syncs, again and again, and
 * leaves the times in memory shared with the watch, so a disk that hangs hangs nobody
 * else. Its file has no name (or loses it at once), so it is gone with the process.
 *
 * The process is forked off a program with threads: until it ends, it calls nothing that
 * takes a lock or allocates.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/watch/watch.h"

enum {
	BLOCK = 4096,
	MAX_KEPT = 1000,
	FILE_BLOCKS = 64,
	READY_POLLS = 100,
	END_POLLS = 20
};

struct args {
	char *path;
	struct gd_span every;
	int64_t keep;
};

/* Written by the process, read by the watch. */
struct shared {
	_Atomic int64_t n;       /* times taken so far */
	_Atomic int64_t started; /* when the one under way began; 0: none is */
	_Atomic int failure;     /* errno of what ended the process; 0: nothing did */
	_Atomic int64_t took[MAX_KEPT];
};

struct state {
	struct shared *shared; /* a mapping; owned */
	pid_t pid;             /* 0: over and waited for */
	char path[256];
	int64_t keep;
};

static const struct gd_field arg_rows[] = {
	{.name = "path",
	 .help = "a directory on the disk to test",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, path),
	 .min = 1,
	 .max = 255},
	{.name = "every",
	 .help = "pause between two writes",
	 .dflt = "100ms",
	 .kind = GD_KIND_DURATION,
	 GD_MEMBER(struct args, every),
	 .min = 10 * GD_NS_PER_MS,
	 .max = 60 * GD_NS_PER_S},
	{.name = "keep",
	 .help = "the figures are about so many of the last writes",
	 .dflt = "1000",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct args, keep),
	 .min = 1,
	 .max = MAX_KEPT},
};

static const struct gd_metric_row metrics[] = {
	{"p50", GD_UNIT_DURATION, "half of the last writes were synced within"},
	{"p99", GD_UNIT_DURATION, "99 % of the last writes were synced within"},
	{"max", GD_UNIT_DURATION, "the slowest of them, the one under way included"},
	{"waiting", GD_UNIT_DURATION, "how long the one under way has taken so far"},
	{"writes", GD_UNIT_COUNT, "writes that were synced"},
	{0},
};

static const char *const gauges[] = {"p50", "p99", "max", "waiting", NULL};

/* --- the process --------------------------------------------------------------------- */

/* A file without a name; where the file system has no such thing, one that loses it. */
static int open_nameless(const char *dir, const char *name)
{
	int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

/* One write and its sync. The file is short, so that it fills no disk. */
static int write_one(int fd, struct shared *s, const char *block)
{
	int64_t n = s->n, start = gd_now().ns;

	s->started = start;
	if (pwrite(fd, block, BLOCK, n % FILE_BLOCKS * BLOCK) != BLOCK || fsync(fd) < 0)
		return -1;
	s->took[n % MAX_KEPT] = gd_now().ns - start;
	s->started = 0;
	s->n = n + 1;
	return 0;
}

static void GD_NORETURN be_writer(struct shared *s, const char *dir, const char *name,
				  struct timespec pause, pid_t parent)
{
	static const char block[BLOCK] = {1};
	int fd;

	(void)prctl(PR_SET_NAME, "gd-fsync", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* None of the agent's descriptors may outlive it here. */
	(void)syscall(SYS_close_range, 0U, ~0U, 0);
	if (getppid() != parent)
		_exit(1);
	fd = open_nameless(dir, name);
	while (fd >= 0 && write_one(fd, s, block) == 0)
		(void)nanosleep(&pause, NULL);
	s->failure = errno ? errno : EIO;
	_exit(1);
}

/* --- the watch ----------------------------------------------------------------------- */

static void nap(void)
{
	const struct timespec ts = {.tv_nsec = 10000000};

	(void)nanosleep(&ts, NULL);
}

static void close_fsync(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	if (s->pid > 0)
		(void)kill(s->pid, SIGKILL);
	/* Stuck in the kernel, it dies when the disk answers; nobody waits for that. */
	for (int i = 0; i < END_POLLS && s->pid > 0; i++) {
		if (waitpid(s->pid, NULL, WNOHANG) != 0)
			s->pid = 0;
		else
			nap();
	}
	if (s->shared)
		(void)munmap(s->shared, sizeof(*s->shared));
	free(s);
}

static inline void free_state(struct state *s)
{
	close_fsync(s);
}

GD_DEFINE_AUTO(state, free_state);

static int check_failure(const struct state *s, struct gd_error *err)
{
	if (!s->shared->failure)
		return 0;
	errno = s->shared->failure;
	return gd_raise_errno(err, "write and sync a file in %s", s->path);
}

static int start_writer(struct state *s, const struct args *a, struct gd_error *err)
{
	GD_AUTO_FREE char *name = NULL;
	const struct timespec pause = {.tv_sec = a->every.ns / GD_NS_PER_S,
				       .tv_nsec = a->every.ns % GD_NS_PER_S};
	const pid_t parent = getpid();

	if (asprintf(&name, "%s/.gameday-fsync-%d", a->path, (int)parent) < 0) {
		name = NULL;
		return gd_raise_nomem(err);
	}
	s->pid = fork();
	if (s->pid == 0)
		be_writer(s->shared, a->path, name, pause, parent);
	if (s->pid < 0)
		return gd_raise_errno(err, "fork");
	/* A wrong path shows at once; a disk that is slow already is no mistake. */
	for (int i = 0; i < READY_POLLS && !s->shared->n && !s->shared->failure; i++)
		nap();
	return check_failure(s, err);
}

static int open_fsync(const void *args, void **ret_state, struct gd_error *err)
{
	const struct args *a = args;
	GD_AUTO(state) struct state *s = calloc(1, sizeof(*s));
	void *map;

	if (!s)
		return gd_raise_nomem(err);
	(void)snprintf(s->path, sizeof(s->path), "%s", a->path);
	s->keep = a->keep;
	map = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return gd_raise_errno(err, "mmap");
	s->shared = map;
	if (start_writer(s, a, err) < 0)
		return -1;
	*ret_state = gd_steal_ptr(&s);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void add(struct gd_watch_sample *out, const char *name, double value)
{
	struct gd_watch_value *v = &out->values[out->n++];

	(void)snprintf(v->name, sizeof(v->name), "%s", name);
	v->value = value;
}

/* The nearest-rank percentile of n sorted values. */
static double percentile(const int64_t *sorted, int64_t n, int64_t percent)
{
	int64_t rank = (n * percent + 99) / 100; /* rounded up; from 1 */

	return (double)sorted[rank - 1];
}

static int sample(void *state, struct gd_watch_sample *ret, struct gd_error *err)
{
	const struct state *s = state;
	int64_t last[MAX_KEPT], n = s->shared->n, started = s->shared->started;
	int64_t kept = n < s->keep ? n : s->keep;
	int64_t waiting = started ? gd_now().ns - started : 0, most = waiting;

	if (check_failure(s, err) < 0)
		return -1;
	for (int64_t i = 0; i < kept; i++)
		last[i] = s->shared->took[(n - 1 - i) % MAX_KEPT];
	qsort(last, (size_t)kept, sizeof(last[0]), by_size);
	ret->n = 0;
	if (kept > 0) {
		add(ret, "p50", percentile(last, kept, 50));
		add(ret, "p99", percentile(last, kept, 99));
		most = last[kept - 1] > most ? last[kept - 1] : most;
	}
	add(ret, "max", (double)most);
	add(ret, "waiting", (double)waiting);
	add(ret, "writes", (double)n);
	return 0;
}

extern const struct gd_watch_kind gd_watch_fsync;
const struct gd_watch_kind gd_watch_fsync = {
	.name = "fsync",
	.summary = "How long it takes until a small write is safely on the disk.",
	.args = GD_SHAPE("fsync", arg_rows, struct args),
	.metrics = metrics,
	.gauges = gauges,
	.open = open_fsync,
	.sample = sample,
	.close = close_fsync,
};
