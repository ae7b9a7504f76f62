/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process is held by a pidfd before its start time is compared, so that the one that is
 * signalled is the one that was looked at.
 */
#include "gameday/lab/state.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/lab/paths.h"

static const int TERM_LIMIT_MS = 3000, KILL_LIMIT_MS = 5000;

int gd_lab_state_load(const char *state, struct gd_lab_state *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(state, GD_LAB_FILE_STATE), *text = NULL;
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_lab_state s = {0};
	const cJSON *ports;
	size_t size;

	if (!path)
		return gd_raise_nomem(err);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return GD_LAB_STATE_NONE;
	if (gd_file_read(path, 65536, &text, &size, err) != 0 ||
	    gd_json_parse(text, size, &json, err) != 0)
		return gd_wrap(err, "%s: ", path);
	s.pid = (pid_t)gd_json_int(json, "pid", 0);
	s.start_ticks = gd_json_int(json, "start_ticks", -1);
	s.kvm = gd_json_bool(json, "kvm", false);
	s.restored = gd_json_bool(json, "restored", false);
	s.since.ns = gd_json_int(json, "since_ns", 0);
	ports = cJSON_GetObjectItemCaseSensitive(json, "ports");
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		s.ports[i] = (uint16_t)gd_json_int(ports, gd_lab_hosts[i].name, 0);
	if (s.pid <= 1 || s.start_ticks < 0)
		return gd_raise(err, GD_E_INPUT, "%s names no process", path);
	*ret = s;
	return 0;
}

int gd_lab_state_save(const char *state, const struct gd_lab_state *s,
		      struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(state, GD_LAB_FILE_STATE), *text = NULL;
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	cJSON *ports = cJSON_CreateObject();
	bool ok = json && ports && path;

	for (size_t i = 0; ok && i < GD_LAB_N_HOSTS; i++)
		ok = gd_json_set_int(ports, gd_lab_hosts[i].name, s->ports[i]);
	if (!ok) {
		cJSON_Delete(ports);
		return gd_raise_nomem(err);
	}
	ok = gd_json_set(json, "ports", ports) && gd_json_set_int(json, "pid", s->pid) &&
	     gd_json_set_int(json, "start_ticks", s->start_ticks) &&
	     gd_json_set_bool(json, "kvm", s->kvm) &&
	     gd_json_set_bool(json, "restored", s->restored) &&
	     gd_json_set_int(json, "since_ns", s->since.ns);
	text = ok ? gd_json_print_pretty(json) : NULL;
	if (!text)
		return gd_raise_nomem(err);
	return gd_file_write(path, text, strlen(text), 0600, err);
}

int64_t gd_lab_process_start_parse(const char *stat)
{
	/* The name in parentheses may hold blanks and parentheses: count from the last one. */
	const char *p = strrchr(stat, ')');

	if (!p || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X')
		return -1;
	p += 2;
	for (int field = 3; field < 22; field++) {
		p = strchr(p, ' ');
		if (!p)
			return -1;
		p++;
	}
	return strtoll(p, NULL, 10);
}

int64_t gd_lab_process_start(pid_t pid)
{
	GD_AUTO_FREE char *text = NULL;
	struct gd_error ignored = GD_ERROR_INIT;
	char path[64];
	size_t size;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (gd_file_read(path, 4096, &text, &size, &ignored) != 0)
		return -1;
	return gd_lab_process_start_parse(text);
}

bool gd_lab_state_alive(const struct gd_lab_state *s)
{
	return gd_lab_process_start(s->pid) == s->start_ticks;
}

/* Readable when the process has ended, whoever its parent is. */
static bool ended(int pidfd, int limit_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int r;

	do
		r = poll(&p, 1, limit_ms);
	while (r < 0 && errno == EINTR);
	return r > 0;
}

int gd_lab_state_stop(const struct gd_lab_state *s, struct gd_error *err)
{
	GD_AUTO_FD int pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);

	if (pidfd < 0 && errno == ESRCH)
		return 0;
	if (pidfd < 0)
		return gd_raise_errno(err, "process %ld", (long)s->pid);
	if (!gd_lab_state_alive(s))
		return 0;
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
	if (!ended(pidfd, TERM_LIMIT_MS)) {
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		if (!ended(pidfd, KILL_LIMIT_MS))
			return gd_raise(err, GD_E_LEFT_BEHIND,
					"QEMU, process %ld, does not end: see ps -p %ld",
					(long)s->pid, (long)s->pid);
	}
	/* Ours if this very command started it; else not our child, and that is fine. */
	(void)waitpid(s->pid, NULL, WNOHANG);
	return 0;
}
