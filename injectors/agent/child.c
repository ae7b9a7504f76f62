/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"

void gd_child_init(struct gd_child *c, const struct gd_child_owner *owner)
{
	*c = (struct gd_child){
		.control_fd = -1, .in_fd = -1, .kept_fd = -1, .owner = *owner};
	gd_frame_reader_init(&c->reader, false);
}

/* --- in the child --------------------------------------------------------------------- */

static void plug_input_and_output(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0)
		return;
	(void)dup2(null_fd, 0);
	(void)dup2(null_fd, 1);
}

/* The agent's loop takes its signals through a descriptor; here they act as usual. */
static void reset_signals(void)
{
	sigset_t none;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* --- in the agent --------------------------------------------------------------------- */

static int reap(struct gd_child *c)
{
	int status = 0;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	c->pid = 0;
	return status;
}

/* The child closed its pipe, which it does by ending; or is made to (trouble). */
static void end(struct gd_child *c, const char *trouble)
{
	int status;

	if (trouble)
		(void)kill(c->pid, SIGKILL);
	status = reap(c);
	c->owner.ended(c->owner.ctx, trouble, status);
}

static int take_messages(struct gd_child *c, struct gd_error *err)
{
	for (;;) {
		cJSON *msg = NULL;
		int rc = gd_frame_next(&c->reader, &msg, err);

		if (rc != GD_FRAME_MESSAGE)
			return rc < 0 ? -1 : 0;
		c->owner.message(c->owner.ctx, msg);
	}
}

static void on_readable(void *ctx, uint32_t events GD_UNUSED)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_child *c = ctx;
	char chunk[16384];
	ssize_t n = read(c->in_fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		end(c, NULL);
		return;
	}
	if (gd_frame_feed(&c->reader, chunk, (size_t)n, &err) < 0 ||
	    take_messages(c, &err) < 0)
		end(c, err.text);
}

/* Forks when all else is done: after that nothing can fail. */
int gd_child_start(struct gd_child *c, struct gd_loop *loop, gd_child_job_fn *run,
		   const void *job, struct gd_error *err)
{
	GD_AUTO_FD int child_in = -1, child_out = -1;
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	child_in = p[0];
	c->control_fd = p[1];
	if (pipe2(p, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "pipe");
	c->in_fd = p[0];
	child_out = p[1];
	if (fcntl(c->in_fd, F_SETFL, O_NONBLOCK) < 0)
		return gd_raise_errno(err, "fcntl");
	if (gd_loop_io(loop, c->in_fd, EPOLLIN, on_readable, c, &c->io, err) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		int keep[] = {child_in, child_out, c->kept_fd};

		plug_input_and_output();
		gd_proc_keep_only(3, keep, GD_N_ELEMS(keep));
		reset_signals();
		_exit(run(job, child_in, child_out));
	}
	if (pid < 0)
		return gd_raise_errno(err, "fork");
	c->pid = pid;
	return 0;
}

void gd_child_kill(struct gd_child *c)
{
	if (c->pid <= 0)
		return;
	(void)kill(c->pid, SIGKILL);
	(void)reap(c);
}

void gd_child_fini(struct gd_child *c)
{
	gd_io_remove(c->io);
	c->io = NULL;
	gd_close_fd(&c->control_fd);
	gd_close_fd(&c->in_fd);
	gd_frame_reader_fini(&c->reader);
}
