/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guardian process. It is forked off the agent twice and leads a session of its own,
 * so no hang-up of the SSH session reaches it; it is locked in memory, out of reach of the
 * out-of-memory killer, sits in /, and has no descriptors but its own: the socket to the
 * agent, a pidfd of the agent, two timers, the journal and the claim.
 *
 * It acts when
 *   - the socket ends or the agent's process does: the agent died;
 *   - the lease, a trial lease or the deadline passed GD_GUARDIAN_GRACE_MS ago and faults
 *     are still in: the agent hangs, and is killed first. Time is CLOCK_BOOTTIME, which
 *     nobody can step; the wall clock can only end it earlier (ceiling.h);
 *   - it gets SIGTERM, as when the host shuts down.
 *
 * Acting means: undo all in reverse order, in this process, by netlink and ioctl; read
 * back; try again what is not gone; then, not before (the fault may be on the journal's
 * own disk), write to the journal what became of it, why, and what was seen of it; end. It starts no program and writes
 * nothing to any terminal.
 *
 * systemd-logind may kill what a session leaves behind in its control group, so the
 * guardian moves itself to the root group where it may. Where it may not (a container),
 * KillUserProcesses=no is the default nearly everywhere.
 */
#include "injectors/agent/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/wire/frame.h"
#include "injectors/agent/ceiling.h"
#include "injectors/agent/fault.h"
#include "injectors/agent/guardian_link.h"
#include "injectors/agent/said.h"
#include "injectors/agent/undo.h"

enum { MAX_RECORDS = 256, ROUNDS = 4, BUSY_LIMIT_S = 30 };
/* What the kernel counted is worth so much delay, for all faults together. */
enum { EFFECTS_TAKE_MS = 500 };

struct held {
	struct gd_record record;
	struct gd_instant trial; /* 0: none */
	struct gd_restored result;
	struct gd_undone undone;
};

struct guardian {
	struct gd_ports *ports;
	int agent_fd, pidfd, timer_fd, ceiling_fd, signal_fd, journal_fd;
	struct gd_frame_reader reader;
	struct gd_instant lease, deadline, busy;
	struct gd_wall ceiling;
	struct gd_instant late; /* when the ceiling was seen passed; 0: not yet */
	const char *why;        /* it acts */
	struct held held[MAX_RECORDS];
	size_t n_held;
	bool over, dismissed, told_to_end;
};

/* --- what the agent says ------------------------------------------------------------- */

static void answer(struct guardian *g, bool ok, const char *text)
{
	GD_AUTO(cJSON) cJSON *msg = cJSON_CreateObject();
	GD_AUTO_STRBUF(out);
	struct gd_error err;

	if (!msg || !gd_json_set_bool(msg, "ok", ok) ||
	    !gd_json_set_str(msg, "text", text) || gd_frame_write(&out, msg, &err) < 0)
		return;
	if (gd_fd_write_all(g->agent_fd, out.data, out.len, &err) < 0)
		g->over = true;
}

static void take_record(struct guardian *g, const cJSON *msg)
{
	GD_AUTO_RECORD struct gd_record r = {0};
	struct gd_error err = GD_ERROR_INIT;

	if (g->n_held == MAX_RECORDS) {
		answer(g, false, "the guardian holds as many faults as it can");
		return;
	}
	if (gd_record_from_json(cJSON_GetObjectItemCaseSensitive(msg, "record"), &r,
				&err) < 0 ||
	    gd_fault_understood(&r, &err) < 0) {
		answer(g, false, err.text);
		return;
	}
	g->held[g->n_held++] = (struct held){.record = r};
	r = (struct gd_record){0};
	answer(g, true, "");
}

static struct held *find_held(struct guardian *g, int64_t id)
{
	for (size_t i = 0; i < g->n_held; i++)
		if (g->held[i].record.id == id)
			return &g->held[i];
	return NULL;
}

static void drop_record(struct guardian *g, int64_t id)
{
	struct held *h = find_held(g, id);

	if (!h)
		return;
	gd_record_fini(&h->record);
	memmove(h, h + 1, (size_t)(&g->held[--g->n_held] - h) * sizeof(*h));
}

static struct gd_instant instant(const cJSON *msg, const char *key)
{
	return (struct gd_instant){gd_json_int(msg, key, 0)};
}

static void take_message(struct guardian *g, const cJSON *msg)
{
	const char *what = gd_json_str(msg, "tell", "");
	int64_t id = gd_json_int(msg, "id", 0);
	struct held *h = find_held(g, id);

	if (strcmp(what, "hold") == 0) {
		take_record(g, msg);
	} else if (strcmp(what, "drop") == 0) {
		drop_record(g, id);
	} else if (strcmp(what, "lease") == 0) {
		g->lease = instant(msg, "lease");
		g->deadline = instant(msg, "deadline");
	} else if (strcmp(what, "trial") == 0 && h) {
		h->trial = instant(msg, "until");
	} else if (strcmp(what, "busy") == 0) {
		struct gd_instant most = gd_after(gd_now(), gd_span_s(BUSY_LIMIT_S));

		g->busy = instant(msg, "until");
		if (g->busy.ns > most.ns)
			g->busy = most;
	} else if (strcmp(what, "dismiss") == 0) {
		g->dismissed = g->n_held == 0;
	}
}

static void read_agent(struct guardian *g)
{
	char chunk[16384];
	struct gd_error err;
	ssize_t n = read(g->agent_fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0 || gd_frame_feed(&g->reader, chunk, (size_t)n, &err) < 0) {
		g->over = true;
		return;
	}
	for (;;) {
		GD_AUTO(cJSON) cJSON *msg = NULL;
		int rc = gd_frame_next(&g->reader, &msg, &err);

		if (rc < 0)
			g->over = true;
		if (rc != GD_FRAME_MESSAGE)
			return;
		take_message(g, msg);
	}
}

/* --- when to act --------------------------------------------------------------------- */

static void earlier(struct gd_instant *t, struct gd_instant other)
{
	if (other.ns < t->ns)
		*t = other;
}

/* When the guardian's patience ends; with nothing to undo, never. */
static struct gd_instant patience(const struct guardian *g)
{
	struct gd_instant t = g->lease;

	if (g->n_held == 0)
		return (struct gd_instant){INT64_MAX};
	earlier(&t, g->deadline);
	if (g->late.ns)
		earlier(&t, g->late);
	for (size_t i = 0; i < g->n_held; i++)
		if (g->held[i].trial.ns)
			earlier(&t, g->held[i].trial);
	t = gd_after(t, gd_span_ms(GD_GUARDIAN_GRACE_MS));
	return t.ns < g->busy.ns ? g->busy : t;
}

static void set_alarm(const struct guardian *g)
{
	struct gd_instant t = patience(g);
	struct itimerspec its = {0};

	if (t.ns != INT64_MAX) {
		t.ns = t.ns < 1 ? 1 : t.ns;
		its.it_value.tv_sec = t.ns / GD_NS_PER_S;
		its.it_value.tv_nsec = t.ns % GD_NS_PER_S;
	}
	(void)timerfd_settime(g->timer_fd, TFD_TIMER_ABSTIME, &its, NULL);
}

/* A clock that is stepped back again afterwards does not take it back: early is safe. */
static void look_at_wall_clock(struct guardian *g)
{
	if (!g->late.ns && gd_ceiling_passed(g->ceiling))
		g->late = gd_now();
	gd_ceiling_set(g->ceiling_fd, g->late.ns ? GD_CEILING_NONE : g->ceiling);
}

/* Which time it was that ran out. */
static const char *what_lapsed(const struct guardian *g)
{
	int64_t now = gd_now().ns;

	if (g->deadline.ns <= now)
		return "the deadline passed and the agent did not act";
	if (g->lease.ns <= now)
		return "the lease lapsed and the agent did not act";
	if (g->late.ns)
		return "the wall clock passed the deadline and the agent did not act";
	return "a trial lease lapsed and the agent did not act";
}

/* Until there is a reason to act, or none to stay. */
static void watch(struct guardian *g)
{
	while (!g->over && !g->dismissed) {
		struct pollfd fds[] = {{.fd = g->agent_fd, .events = POLLIN},
				       {.fd = g->pidfd, .events = POLLIN},
				       {.fd = g->timer_fd, .events = POLLIN},
				       {.fd = g->ceiling_fd, .events = POLLIN},
				       {.fd = g->signal_fd, .events = POLLIN}};

		look_at_wall_clock(g);
		set_alarm(g);
		if (poll(fds, GD_N_ELEMS(fds), -1) < 0)
			continue;
		/* What the agent still said counts, also when it is dead by now. */
		if (fds[0].revents)
			read_agent(g);
		else if (fds[1].revents || fds[4].revents)
			g->over = true;
		g->why = fds[4].revents ? "the guardian was told to end"
					: "the agent died";
		if (!g->over && patience(g).ns <= gd_now().ns) {
			g->over = true;
			g->why = what_lapsed(g);
		}
	}
}

/* --- acting -------------------------------------------------------------------------- */

/* It must not go on injecting while we undo. */
static void end_agent(const struct guardian *g)
{
	struct pollfd pfd = {.fd = g->pidfd, .events = POLLIN};

	(void)syscall(SYS_pidfd_send_signal, g->pidfd, SIGKILL, NULL, 0);
	(void)poll(&pfd, 1, 5000);
}

/* Undoes one, having read what it did when that is still worth the time. */
static void undo_one(struct guardian *g, struct held *h, bool look)
{
	struct gd_error err = GD_ERROR_INIT;

	g->ports->note_ctx = g->ports->figure_ctx = &h->undone.said;
	if (look)
		h->undone.has_effect = gd_fault_effect(g->ports, &h->record,
						       &h->undone.effect, &err) == 0;
	gd_restored_fini(&h->result);
	gd_fault_restore(g->ports, &h->record, &h->result);
	h->undone.by = "guardian";
	h->undone.reason = g->why;
	gd_undone_now(&h->undone, h->undone.took_ms + h->result.took_ms);
}

/* One round over all that is not restored yet, last first; how many are left. */
static size_t undo_round(struct guardian *g, bool first)
{
	struct gd_instant until = gd_after(gd_now(), gd_span_ms(EFFECTS_TAKE_MS));
	size_t left = 0;

	for (size_t i = g->n_held; i-- > 0;) {
		struct held *h = &g->held[i];

		if (h->result.equal)
			continue;
		undo_one(g, h, first && gd_now().ns < until.ns);
		if (!h->result.equal)
			left++;
	}
	return left;
}

static void write_results(const struct guardian *g)
{
	struct gd_journal j = {.fd = g->journal_fd};
	struct gd_error err;

	for (size_t i = g->n_held; i-- > 0;) {
		const struct held *h = &g->held[i];
		GD_AUTO(cJSON) cJSON *facts = gd_undone_to_json(&h->undone, &err);

		if (gd_journal_step(&j, h->record.id,
				    h->result.equal ? GD_PHASE_CLEAN
						    : GD_PHASE_LEFT_BEHIND,
				    h->result.after,
				    h->result.equal ? NULL : h->result.problem.text,
				    facts, &err) < 0)
			return; /* `recover` finds the entry open and looks again */
	}
}

static void act(struct guardian *g)
{
	struct gd_span pause = gd_span_ms(100);

	if (g->n_held == 0)
		return;
	end_agent(g);
	for (int i = 0; i < ROUNDS && undo_round(g, i == 0) > 0; i++) {
		g->ports->time->sleep(g->ports->time->ctx, pause);
		pause.ns *= 2;
	}
	write_results(g);
}

/* --- becoming the guardian ----------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
	GD_AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0) {
		/* Not allowed here: it was worth trying. */
	}
}

/* 0, 1 and 2 lead nowhere, so that nothing that prints can reach a descriptor of ours. */
static void plug_standard_fds(void)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		(void)dup2(fd, i);
	if (fd > 2)
		(void)close(fd);
}

static int block_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	(void)sigaction(SIGHUP, &ignore, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGINT, &ignore, NULL);
	(void)sigaction(SIGQUIT, &ignore, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void harden(const struct gd_guardian_options *opt)
{
	(void)prctl(PR_SET_NAME, "gd-guardian", 0, 0, 0);
	if (chdir("/") < 0) {
		/* Then it sits where it was. */
	}
	write_text("/proc/self/oom_score_adj", "-1000");
	if (opt->leave_cgroup) {
		write_text("/sys/fs/cgroup/cgroup.procs", "0");
		write_text("/sys/fs/cgroup/systemd/cgroup.procs", "0");
	}
	(void)mlockall(MCL_CURRENT | MCL_FUTURE);
}

static void GD_NORETURN be_guardian(const struct gd_guardian_options *opt, int agent_fd,
				    int pidfd)
{
	struct gd_ports ports = *opt->ports;
	struct guardian *g = calloc(1, sizeof(*g));
	int keep[] = {agent_fd, pidfd, opt->claim_fd, opt->journal_fd};
	struct gd_error err;

	if (!g)
		_exit(1);
	/* Notes went to the agent's runner; here they are kept for the journal. */
	ports.note = gd_said_note;
	ports.figure = gd_said_figure;
	gd_proc_keep_only(0, keep, GD_N_ELEMS(keep));
	plug_standard_fds();
	harden(opt);
	*g = (struct guardian){.ports = &ports,
			       .agent_fd = agent_fd,
			       .pidfd = pidfd,
			       .journal_fd = opt->journal_fd,
			       .lease = opt->lease,
			       .deadline = opt->deadline,
			       .ceiling = opt->ceiling,
			       .signal_fd = block_signals()};
	g->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	gd_frame_reader_init(&g->reader, false);
	if (gd_ceiling_open(&g->ceiling_fd, &err) < 0 || g->timer_fd < 0 ||
	    g->signal_fd < 0)
		_exit(1);
	answer(g, true, "");
	watch(g);
	act(g);
	_exit(0);
}

/* In the first child: the guardian is born as its child, and told apart by its pid. */
static void GD_NORETURN fork_again(const struct gd_guardian_options *opt, int agent_fd,
				   int pidfd, int pid_fd)
{
	pid_t pid;

	(void)setsid();
	pid = fork();
	if (pid == 0)
		be_guardian(opt, agent_fd, pidfd);
	if (write(pid_fd, &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
		_exit(1);
	_exit(pid < 0);
}

static int fork_twice(const struct gd_guardian_options *opt, int agent_fd, pid_t *ret_pid,
		      struct gd_error *err)
{
	GD_AUTO_FD int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	GD_AUTO_FD int pid_r = -1, pid_w = -1;
	int pipe_fds[2], status;
	pid_t child;

	if (pidfd < 0)
		return gd_raise_errno(err, "guardian: pidfd_open");
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return gd_raise_errno(err, "guardian: pipe");
	pid_r = pipe_fds[0];
	pid_w = pipe_fds[1];
	child = fork();
	if (child == 0)
		fork_again(opt, agent_fd, pidfd, pid_w);
	if (child < 0)
		return gd_raise_errno(err, "guardian: fork");
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	gd_close_fd(&pid_w);
	if (read(pid_r, ret_pid, sizeof(*ret_pid)) != (ssize_t)sizeof(*ret_pid) ||
	    *ret_pid <= 0)
		return gd_raise(err, GD_E_SYSTEM, "guardian: it could not be started");
	return 0;
}

int gd_guardian_start(const struct gd_guardian_options *opt, struct gd_guardian **ret,
		      struct gd_error *err)
{
	GD_AUTO_FD int ours = -1, its = -1;
	int pair[2];
	pid_t pid = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return gd_raise_errno(err, "guardian: socketpair");
	ours = pair[0];
	its = pair[1];
	if (fork_twice(opt, its, &pid, err) < 0)
		return -1;
	gd_close_fd(&its);
	return gd_guardian_link(&ours, pid, ret, err);
}
