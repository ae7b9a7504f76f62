/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/generator_child.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/wire/frame.h"

enum { NOBODY = 65534 };

static int send_frame(int fd, const cJSON *msg, struct gd_error *err)
{
	GD_AUTO_STRBUF(out);

	if (gd_frame_write(&out, msg, err) < 0)
		return -1;
	return gd_fd_write_all(fd, out.data, out.len, err);
}

static int send_interval(int fd, const struct gd_interval *iv, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	cJSON *json = NULL;

	if (!msg)
		return gd_raise_nomem(err);
	if (gd_interval_to_json(iv, &json, err) < 0)
		return -1;
	if (!gd_json_set(msg, "interval", json))
		return gd_raise_nomem(err);
	return send_frame(fd, msg, err);
}

/* 1: the load has ended; 0: more to come. */
static int forward(struct gd_load *load, int fd, struct gd_error *err)
{
	for (;;) {
		struct gd_interval iv = {0};
		int what = gd_load_take(load, &iv), rc;

		if (what != 1)
			return what == 2;
		rc = send_interval(fd, &iv, err);
		gd_interval_fini(&iv);
		if (rc < 0)
			return -1;
	}
}

static void stop(struct gd_load *load, int control_fd)
{
	struct gd_instant at;

	if (read(control_fd, &at, sizeof(at)) == (ssize_t)sizeof(at))
		gd_load_stop_at(load, at);
	else
		gd_load_stop(load);
}

static int generate(const struct gd_generator_job *job, int control_fd, int out_fd,
		    struct gd_error *err)
{
	GD_AUTO(gd_load) struct gd_load *load = NULL;
	struct pollfd fds[2];
	int rc = 0;

	if (gd_load_start(job->spec, &job->options, &load, err) < 0)
		return -1;
	fds[0] = (struct pollfd){.fd = gd_load_fd(load), .events = POLLIN};
	fds[1] = (struct pollfd){.fd = control_fd, .events = POLLIN};
	while (rc == 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return gd_raise_errno(err, "poll");
		if (fds[1].revents) {
			stop(load, control_fd);
			fds[1].fd = -1;
		}
		rc = forward(load, out_fd, err);
	}
	return rc < 0 ? -1 : gd_load_status(load, err);
}

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
	/* Changing the user cleared it, so it comes last. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return 0;
}

int gd_generator_run(const void *arg, int control_fd, int out_fd)
{
	const struct gd_generator_job *job = arg;
	struct gd_error err = GD_ERROR_INIT, ignored;
	GD_AUTO(cJSON) cJSON *end = NULL;
	int rc;

	rc = drop_privileges(job->spec, &err);
	if (rc == 0)
		rc = generate(job, control_fd, out_fd, &err);
	end = cJSON_CreateObject();
	if (end && gd_json_set_bool(end, "end", true) &&
	    (rc == 0 || gd_json_set_str(end, "error", err.text)) &&
	    send_frame(out_fd, end, &ignored) == 0)
		return 0;
	return 1;
}
