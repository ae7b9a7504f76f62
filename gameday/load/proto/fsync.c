/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsync:///PATH: a request writes a block into a file in that directory and waits until it is
 * on the disk (fdatasync), as databases do it for each commit. The file has no name, mode 0600,
 * and goes when the load ends.
 *
 * A system call that waits for a disk can't be given up, so each connection is a thread at the
 * other end of a socket pair. While its disk hangs it takes no new request and no other
 * thread is made for it: a disk that stops costs as many threads as there are connections.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/load/proto/rows.h"
#include "gameday/load/spec.h"

enum {
	MAX_WORKERS = 256,
	DFLT_SIZE = 4096,
	MAX_SIZE = 1 << 20,
	BLOCKS = 64, /* of a file, written in turn */
	STACK = 64 * 1024,
};

/* Shared by a target and its workers, which may outlive it: the last one frees it. */
struct work {
	atomic_int n_users;
	atomic_int n_workers;
	size_t size;
	char path[]; /* of the directory */
};

/* What goes over the socket pair: there with error 0, back with what became of it. */
struct job {
	uint64_t id;
	int error;
};

struct worker {
	struct work *work; /* a user of it */
	int fd;            /* owned: our end */
};

struct disk_conn {
	uint64_t id;
	bool busy;
};

/* --- workers --------------------------------------------------------------------------- */

static void release(struct work *w)
{
	if (atomic_fetch_sub(&w->n_users, 1) == 1)
		free(w);
}

/* A file without a name in the directory; -1 with errno. */
static int open_file(const char *dir)
{
	GD_AUTO_FREE char *path = NULL;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	/* File systems without O_TMPFILE. */
	path = gd_path_join(dir, ".gameday-load.XXXXXX");
	if (!path)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

/* 0, or the errno of the step that failed. */
static int write_block(int file, const char *block, size_t size, uint64_t n)
{
	ssize_t done;

	if (file < 0)
		return EBADF;
	done = pwrite(file, block, size, (off_t)(n % BLOCKS * size));
	if (done < 0)
		return errno;
	if ((size_t)done < size)
		return ENOSPC;
	return fdatasync(file) < 0 ? errno : 0;
}

static void serve(const struct worker *me)
{
	GD_AUTO_FREE char *block = malloc(me->work->size);
	GD_AUTO_FD int file = open_file(me->work->path);
	int problem = block ? (file < 0 ? errno : 0) : ENOMEM;
	struct job job;

	if (block)
		memset(block, 'g', me->work->size);
	for (uint64_t n = 0; recv(me->fd, &job, sizeof(job), 0) == sizeof(job); n++) {
		job.error =
			problem ? problem : write_block(file, block, me->work->size, n);
		if (send(me->fd, &job, sizeof(job), MSG_NOSIGNAL) != sizeof(job))
			break;
	}
}

static void *run(void *ctx)
{
	struct worker *me = ctx;

	serve(me);
	(void)close(me->fd);
	(void)atomic_fetch_sub(&me->work->n_workers, 1);
	release(me->work);
	free(me);
	return NULL;
}

/* A thread with the other end of a socket pair; -1 with errno. */
static int start_worker(struct worker *me)
{
	pthread_attr_t attr;
	pthread_t thread;
	int status = pthread_attr_init(&attr);

	if (status == 0) {
		(void)pthread_attr_setstacksize(&attr, STACK);
		(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		status = pthread_create(&thread, &attr, run, me);
		(void)pthread_attr_destroy(&attr);
	}
	errno = status;
	return status == 0 ? 0 : -1;
}

static int disk_fd(const struct gd_target *t)
{
	struct work *w = t->data;
	GD_AUTO_FREE struct worker *me = calloc(1, sizeof(*me));
	GD_AUTO_FD int ours = -1;
	int pair[2];

	if (!me)
		return -1;
	if (atomic_load(&w->n_workers) >= MAX_WORKERS) {
		errno = EAGAIN;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	ours = pair[0];
	*me = (struct worker){.work = w, .fd = pair[1]};
	(void)atomic_fetch_add(&w->n_users, 1);
	(void)atomic_fetch_add(&w->n_workers, 1);
	if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0 || start_worker(me) < 0) {
		(void)atomic_fetch_sub(&w->n_users, 1);
		(void)atomic_fetch_sub(&w->n_workers, 1);
		gd_close_fd(&pair[1]);
		return -1;
	}
	(void)gd_steal_ptr(&me);
	return gd_steal_fd(&ours);
}

/* --- the target ------------------------------------------------------------------------ */

static int check(const struct gd_load_spec *spec, const char *path, struct gd_error *err)
{
	GD_AUTO_FD int fd = -1;
	struct stat st;

	if (spec->size.n < 0 || spec->size.n > MAX_SIZE)
		return gd_raise(err, GD_E_INPUT,
				"size: %lld bytes, 1 to %d are possible with fsync",
				(long long)spec->size.n, MAX_SIZE);
	if (spec->connections > MAX_WORKERS || spec->concurrency > MAX_WORKERS)
		return gd_raise(
			err, GD_E_INPUT,
			"fsync: each connection is a thread, at most %d are possible",
			MAX_WORKERS);
	if (path[0] != '/')
		return gd_raise(err, GD_E_INPUT, "fsync: '%.200s' is no absolute path",
				path);
	if (stat(path, &st) < 0)
		return gd_raise_errno(err, "fsync: directory '%.200s'", path);
	if (!S_ISDIR(st.st_mode))
		return gd_raise(err, GD_E_INPUT, "fsync: '%.200s' is not a directory",
				path);
	fd = open_file(path);
	if (fd < 0)
		return gd_raise_errno(err, "fsync: a file in '%.200s'", path);
	return 0;
}

static int target_init(const struct gd_load_spec *spec, const char *url,
		       struct gd_target *ret, struct gd_error *err)
{
	const char *path = url + strlen("fsync://");
	size_t len = strlen(path) + 1;
	struct work *w;

	if (check(spec, path, err) < 0)
		return -1;
	w = calloc(1, sizeof(*w) + len);
	if (!w)
		return gd_raise_nomem(err);
	atomic_init(&w->n_users, 1);
	w->size = spec->size.n ? (size_t)spec->size.n : DFLT_SIZE;
	memcpy(w->path, path, len);
	(void)snprintf(ret->name, sizeof(ret->name), "%.120s", path);
	ret->streams = 1;
	ret->data = w;
	return 0;
}

static void target_fini(struct gd_target *t)
{
	if (t->data)
		release(t->data);
	t->data = NULL;
}

/* --- a connection ---------------------------------------------------------------------- */

static enum gd_proto_next disk_open(void *conn GD_UNUSED,
				    const struct gd_target *t GD_UNUSED,
				    struct gd_proto_io *io GD_UNUSED)
{
	return GD_PROTO_GO_ON;
}

/* None while the thread waits for the disk, even if nobody waits for its answer. */
static uint32_t disk_streams(const void *conn)
{
	const struct disk_conn *c = conn;

	return c->busy ? 0 : 1;
}

static enum gd_proto_next disk_send(void *conn, const struct gd_target *t GD_UNUSED,
				    uint64_t id, uint64_t seq GD_UNUSED,
				    struct gd_proto_io *io)
{
	struct disk_conn *c = conn;
	struct job job;

	memset(&job, 0, sizeof(job));
	job.id = id;
	c->busy = true;
	c->id = id;
	return gd_out_put(&io->out, &job, sizeof(job)) ? GD_PROTO_GO_ON : GD_PROTO_CLOSE;
}

static enum gd_proto_next disk_feed(void *conn, const char *data, size_t size,
				    struct gd_proto_io *io)
{
	struct disk_conn *c = conn;
	struct gd_reply r = {.outcome = GD_OUTCOME_OK, .retry_after_ns = -1};
	struct job job;

	if (size != sizeof(job))
		return GD_PROTO_CLOSE;
	memcpy(&job, data, sizeof(job));
	c->busy = false;
	if (job.error != 0) {
		r.outcome = GD_OUTCOME_WRONG;
		r.problem = strerrordesc_np(job.error);
	}
	io->began(io, job.id);
	io->reply(io, job.id, &r);
	return GD_PROTO_GO_ON;
}

static void disk_eof(void *conn GD_UNUSED, struct gd_proto_io *io GD_UNUSED)
{
}

/* The thread goes on waiting; its answer will be dropped. */
static enum gd_proto_next disk_cancel(void *conn GD_UNUSED, uint64_t id GD_UNUSED,
				      struct gd_proto_io *io GD_UNUSED)
{
	return GD_PROTO_GO_ON;
}

static const char *const schemes[] = {"fsync", NULL};

const struct gd_proto gd_proto_fsync = {
	.key = "fsync",
	.schemes = schemes,
	.transport = GD_PROTO_OWN,
	.conn_size = sizeof(struct disk_conn),
	.capability = CAP_DAC_OVERRIDE, /* other users' directories */
	.target_init = target_init,
	.target_fini = target_fini,
	.open_fd = disk_fd,
	.open = disk_open,
	.streams = disk_streams,
	.send = disk_send,
	.feed = disk_feed,
	.eof = disk_eof,
	.cancel = disk_cancel,
};
