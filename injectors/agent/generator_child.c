/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/generator_child.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/wire/frame.h"
#include "injectors/agent/backlog.h"

enum { NOBODY = 65534, MAX_BACKLOG = 64 << 20, EXIT_ALONE = 3 };

/* Somebody who is connected. */
struct line {
	int fd; /* -1: nobody */
	struct gd_frame_reader reader;
};

struct keeper {
	const struct gd_generator_job *job;
	uid_t owner; /* whose connections are taken */
	struct gd_load *load;
	bool load_ended;
	struct gd_backlog backlog;
	struct line listener;
	struct line guest;             /* has not said what it wants, or only asks */
	struct gd_span alone;          /* may be without a listener for so long */
	struct gd_instant alone_until; /* while nobody listens */
	bool over;
};

/* --- privileges -------------------------------------------------------------------------- */

/* From now on this process may do nothing as root does, but for one thing (0: not even that). */
static int keep_only(int capability, struct gd_error *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};

	if (capability > 0) {
		sets[CAP_TO_INDEX(capability)].effective = CAP_TO_MASK(capability);
		sets[CAP_TO_INDEX(capability)].permitted = CAP_TO_MASK(capability);
	}
	if (syscall(SYS_capset, &head, sets) < 0)
		return gd_raise_errno(err, "capset");
	return 0;
}

static int become_nobody(int capability, struct gd_error *err)
{
	if (prctl(PR_SET_KEEPCAPS, capability > 0, 0, 0, 0) < 0 ||
	    setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return gd_raise_errno(err, "give up root");
	return keep_only(capability, err);
}

/* What the load's protocol can't do without is kept: CAP_NET_RAW to ping, say. */
static int drop_privileges(const struct gd_load_spec *spec, struct gd_error *err)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (geteuid() == 0 && become_nobody(gd_load_capability(spec), err) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return gd_raise_errno(err, "no_new_privs");
	return 0;
}

/* --- what was measured ------------------------------------------------------------------ */

static int keep_interval(struct keeper *k, const struct gd_interval *iv,
			 struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	cJSON *json = NULL;

	if (gd_interval_to_json(iv, &json, err) < 0)
		return -1;
	if (!gd_json_set(msg, "interval", json))
		return gd_raise_nomem(err);
	return gd_backlog_add(&k->backlog, gd_steal_ptr(&msg), err);
}

/* error NULL: all was well. */
static int keep_end(struct keeper *k, const char *error, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();

	k->load_ended = true;
	if (!gd_json_set_bool(msg, "end", true) ||
	    (error && !gd_json_set_str(msg, "error", error)))
		return gd_raise_nomem(err);
	return gd_backlog_add(&k->backlog, gd_steal_ptr(&msg), err);
}

static int take_intervals(struct keeper *k, struct gd_error *err)
{
	for (;;) {
		struct gd_error why = GD_ERROR_INIT;
		struct gd_interval iv = {0};
		int what = gd_load_take(k->load, &iv), rc;

		if (what == 2)
			return keep_end(
				k, gd_load_status(k->load, &why) < 0 ? why.text : NULL,
				err);
		if (what != 1)
			return 0;
		rc = keep_interval(k, &iv, err);
		gd_interval_fini(&iv);
		if (rc < 0)
			return -1;
	}
}

/* --- who listens ------------------------------------------------------------------------ */

static void line_init(struct line *l, int fd)
{
	l->fd = fd;
	gd_frame_reader_init(&l->reader, false);
}

static void line_close(struct line *l)
{
	gd_close_fd(&l->fd);
	gd_frame_reader_fini(&l->reader);
	gd_frame_reader_init(&l->reader, false);
}

static void lose_listener(struct keeper *k)
{
	/* The log is the SSH session's, which sshd keeps open as long as anybody holds it. */
	(void)dup2(STDIN_FILENO, STDERR_FILENO);
	line_close(&k->listener);
	k->alone_until = gd_after(gd_now(), k->alone);
}

static void take_guest(struct keeper *k)
{
	int fd = gd_generator_accept(k->job->listen_fd, k->owner);

	if (fd < 0)
		return;
	line_close(&k->guest);
	line_init(&k->guest, fd);
}

/* The newest counts: an agent whose session is lost does not know it yet. */
static void take_over(struct keeper *k, int64_t after)
{
	if (k->listener.fd >= 0)
		lose_listener(k);
	gd_frame_reader_fini(&k->listener.reader);
	k->listener = k->guest;
	line_init(&k->guest, -1);
	k->alone = gd_span_ms(GD_GENERATOR_ALONE_MS);
	gd_backlog_rewind(&k->backlog);
	gd_backlog_confirm(&k->backlog, after);
}

static void tell_who(const struct keeper *k, int fd)
{
	int64_t left = gd_between(gd_now(), k->alone_until).ns / GD_NS_PER_MS;
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	struct gd_error ignored = GD_ERROR_INIT;
	bool alone = k->listener.fd < 0;

	if (!gd_json_set_str(msg, "ref", k->job->name.ref) ||
	    !gd_json_set_str(msg, "run", k->job->name.run) ||
	    !gd_json_set_bool(msg, "alone", alone) ||
	    (alone && !gd_json_set_int(msg, "left_ms", left)) ||
	    gd_generator_send(fd, msg, &ignored) < 0) {
		/* Who asks waits for a moment only, and does without. */
	}
}

static void stop(struct keeper *k, int64_t at_boot_ns)
{
	if (!k->load)
		return;
	if (at_boot_ns > 0)
		gd_load_stop_at(k->load, (struct gd_instant){at_boot_ns});
	else
		gd_load_stop(k->load);
}

static void obey(struct keeper *k, const cJSON *msg)
{
	gd_backlog_confirm(&k->backlog, gd_json_int(msg, "got", 0));
	k->alone = gd_span_ms(gd_json_int(msg, "alone_ms", k->alone.ns / GD_NS_PER_MS));
	if (gd_json_bool(msg, "stop", false))
		stop(k, gd_json_int(msg, "at_boot_ns", 0));
	k->over = k->over || gd_json_bool(msg, "quit", false);
}

/* One message; a guest's takes it in when it is there to listen. */
static void take_message(struct keeper *k, struct line **from, const cJSON *msg)
{
	int64_t after = gd_json_int(msg, "after", -1);

	if (gd_json_bool(msg, "who", false))
		tell_who(k, (*from)->fd);
	if (*from == &k->guest && after >= 0) {
		take_over(k, after);
		*from = &k->listener;
	}
	obey(k, msg);
}

/* -1: it is gone, or speaks nonsense. */
static int hear(struct keeper *k, struct line **from)
{
	struct gd_error ignored = GD_ERROR_INIT;
	char chunk[4096];
	ssize_t n = read((*from)->fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0 || gd_frame_feed(&(*from)->reader, chunk, (size_t)n, &ignored) < 0)
		return -1;
	for (;;) {
		GD_AUTO(cJSON) cJSON *msg = NULL;
		int rc = gd_frame_next(&(*from)->reader, &msg, &ignored);

		if (rc != GD_FRAME_MESSAGE)
			return rc < 0 ? -1 : 0;
		take_message(k, from, msg);
	}
}

static void hear_all(struct keeper *k, struct line *from)
{
	struct line *who = from;

	if (hear(k, &who) == 0)
		return;
	if (who == &k->listener)
		lose_listener(k);
	else
		line_close(who);
}

/* --- the loop --------------------------------------------------------------------------- */

static int wait_ms(const struct keeper *k)
{
	int64_t left;

	if (k->listener.fd >= 0)
		return -1;
	left = gd_between(gd_now(), k->alone_until).ns;
	return left <= 0 ? 0 : (int)(left / GD_NS_PER_MS) + 1;
}

static bool wants_to_send(const struct keeper *k)
{
	return k->listener.fd >= 0 && gd_backlog_is_due(&k->backlog);
}

static int turn(struct keeper *k, struct gd_error *err)
{
	struct pollfd fds[] = {
		{.fd = k->load && !k->load_ended ? gd_load_fd(k->load) : -1,
		 .events = POLLIN},
		{.fd = k->job->listen_fd, .events = POLLIN},
		{.fd = k->guest.fd, .events = POLLIN},
		{.fd = k->listener.fd,
		 .events = (short)(POLLIN | (wants_to_send(k) ? POLLOUT : 0))},
	};
	const short heard = POLLIN | POLLHUP | POLLERR;

	if (poll(fds, GD_N_ELEMS(fds), wait_ms(k)) < 0)
		return errno == EINTR ? 0 : gd_raise_errno(err, "poll");
	if (k->load && fds[0].revents && take_intervals(k, err) < 0)
		return -1;
	/* The listener before the guest, who may take its place. */
	if (fds[3].revents & heard)
		hear_all(k, &k->listener);
	if (fds[2].revents & heard)
		hear_all(k, &k->guest);
	if (fds[1].revents)
		take_guest(k);
	if (wants_to_send(k) && gd_backlog_send(&k->backlog, k->listener.fd) < 0)
		lose_listener(k);
	return 0;
}

/* Until all is delivered; 1: nobody came for it. */
static int serve(struct keeper *k, struct gd_error *err)
{
	while (!k->over && !(k->load_ended && gd_backlog_is_empty(&k->backlog))) {
		if (k->listener.fd < 0 && gd_now().ns >= k->alone_until.ns)
			return 1;
		if (turn(k, err) < 0)
			return -1;
	}
	return 0;
}

static int generate(struct keeper *k, struct gd_error *err)
{
	struct gd_error why = GD_ERROR_INIT;
	int rc = drop_privileges(k->job->spec, &why);

	if (rc == 0)
		rc = gd_load_start(k->job->spec, &k->job->options, &k->load, &why);
	if (rc < 0 && keep_end(k, why.text, err) < 0)
		return -1;
	return serve(k, err);
}

int gd_generator_run(const void *arg, int control_fd GD_UNUSED, int out_fd GD_UNUSED)
{
	struct keeper k = {.job = arg,
			   .owner = geteuid(),
			   .alone = gd_span_ms(GD_GENERATOR_ALONE_MS)};
	struct gd_error err = GD_ERROR_INIT;
	int rc;

	gd_backlog_init(&k.backlog, MAX_BACKLOG);
	line_init(&k.listener, -1);
	line_init(&k.guest, -1);
	k.alone_until = gd_after(gd_now(), k.alone);
	rc = generate(&k, &err);
	if (rc < 0)
		(void)fprintf(stderr, "load: %s\n", err.text);
	gd_load_free(k.load);
	line_close(&k.listener);
	line_close(&k.guest);
	gd_backlog_fini(&k.backlog);
	return rc < 0 ? 1 : rc > 0 ? EXIT_ALONE : 0;
}
