/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A spawned OpenSSH client, for what libssh2 can't do. It gets a session of its own, so
 * that Ctrl-C at the terminal ends no connection before the faults are undone, and so that
 * it finds no terminal to ask a question on.
 *
 * How far it is, which key the host showed and why it failed is read from its standard
 * error at level DEBUG1. The peer's standard error comes on the same pipe and could fake
 * such a line: nothing but a message and the end of a time limit depends on them.
 */
#include "gameday/remote/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/wire/utf8.h"

enum {
	CHUNK = 32 << 10,
	TURN_BYTES = 1 << 20,
	MAX_ARGS = 64,
	MAX_STDERR_LINE = 1024,
	SSH_FAILED = 255, /* the exit status of ssh itself */
};

enum { IN, OUT, ERR, N_PIPES };

struct ssh {
	struct gd_transport base;
	pid_t pid;
	int pid_fd;
	int fds[N_PIPES];
	struct gd_io *ios[N_PIPES];
	struct gd_io *pid_io;
	struct gd_timer *again;
	struct gd_strbuf line; /* of standard error */
	char shown_key[120];   /* "ssh-ed25519 SHA256:..." */
	bool key_changed, key_unknown, denied;
	char *known_hosts; /* owned: a temporary file, removed when ssh has read it */
};

/* --- what it says ---------------------------------------------------------------------- */

/* What ssh itself says at this level of detail, and nobody wants to read. */
static bool is_chatter(const char *line)
{
	static const char *const begins[] = {"debug1: ", "OpenSSH_", "Authenticated to ",
					     "Transferred: ", "Bytes per second: "};

	for (size_t i = 0; i < GD_N_ELEMS(begins); i++)
		if (strncmp(line, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static bool take_line(struct ssh *s, char *line)
{
	static const char shown[] = "debug1: Server host key: ";

	gd_text_scrub(line);
	if (strncmp(line, shown, sizeof(shown) - 1) == 0)
		(void)snprintf(s->shown_key, sizeof(s->shown_key), "%s",
			       line + sizeof(shown) - 1);
	s->key_changed |= strstr(line, "REMOTE HOST IDENTIFICATION HAS CHANGED") != NULL;
	s->key_unknown |= strstr(line, "host key is known for") != NULL;
	s->denied |= strstr(line, "Permission denied (") != NULL;
	if (!is_chatter(line)) {
		gd_transport_hear(&s->base, line, strlen(line));
		gd_transport_hear(&s->base, "\n", 1);
	}
	if (s->base.logged_in || strncmp(line, "Authenticated to ", 17) != 0)
		return true;
	s->base.logged_in = true;
	return s->base.cb->on_login(s->base.ctx);
}

static bool take_stderr(struct ssh *s, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bool there;

		if (data[i] != '\n') {
			if (s->line.len < MAX_STDERR_LINE && data[i])
				gd_strbuf_addc(&s->line, data[i]);
			continue;
		}
		gd_strbuf_addc(&s->line, '\0');
		there = s->line.failed || take_line(s, s->line.data);
		if (!there)
			return false;
		gd_strbuf_clear(&s->line);
	}
	return true;
}

static void raise_failure(struct ssh *s, struct gd_error *err)
{
	const struct gd_target *t = s->base.target;
	char said[GD_TRANSPORT_SAID];

	gd_transport_said(&s->base, said);
	if (s->key_changed && t->host_key)
		(void)gd_raise(
			err, GD_E_REFUSED,
			"the host key is not the inventory's host_key: "
			"it shows %s. Nothing was sent. If the host was reinstalled, put "
			"its new key into the inventory",
			s->shown_key);
	else if (s->key_changed)
		(void)gd_raise(
			err, GD_E_REFUSED,
			"the host key has changed: it shows %s, and "
			"known_hosts has another one. Nothing was sent. If the host was "
			"reinstalled, check the fingerprint there, then remove the old "
			"line with ssh-keygen -R",
			s->shown_key);
	else if (s->key_unknown)
		(void)gd_raise(
			err, GD_E_REFUSED,
			"the host key is not known: it shows %s. Check "
			"the fingerprint on the host, then log in once with ssh, or put "
			"the key into the inventory as host_key",
			s->shown_key);
	else if (s->denied)
		(void)gd_raise(err, GD_E_REMOTE,
			       "login as %s: no key was accepted (ssh says: "
			       "%.200s)",
			       t->user, said);
	else
		(void)gd_raise(err, GD_E_REMOTE, "ssh: %.300s",
			       said[0] ? said : "ended without a word");
}

/* --- pipes ------------------------------------------------------------------------------ */

static void close_pipe(struct ssh *s, int which)
{
	gd_io_remove(s->ios[which]);
	s->ios[which] = NULL;
	gd_close_fd(&s->fds[which]);
}

static void drop_known_hosts(struct ssh *s)
{
	if (!s->known_hosts)
		return;
	(void)unlink(s->known_hosts);
	free(s->known_hosts);
	s->known_hosts = NULL;
}

/*
 * Reads what there is, up to a limit. 1: something may be left; 0: not now; -1: the
 * transport is gone.
 */
static int drain(struct ssh *s, int which)
{
	char chunk[CHUNK];

	for (size_t total = 0; s->fds[which] >= 0 && total < TURN_BYTES;) {
		ssize_t n = read(s->fds[which], chunk, sizeof(chunk));
		bool there;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0) {
			close_pipe(s, which);
			return 0;
		}
		total += (size_t)n;
		there = which == OUT ? s->base.cb->on_data(s->base.ctx, chunk, (size_t)n)
				     : take_stderr(s, chunk, (size_t)n);
		if (!there)
			return -1;
	}
	return s->fds[which] >= 0 ? 1 : 0;
}

static void send_pending(struct ssh *s)
{
	const char *data;
	size_t size;

	while (s->fds[IN] >= 0 && (size = gd_transport_pending(&s->base, &data)) > 0) {
		ssize_t n = send(s->fds[IN], data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			close_pipe(s, IN); /* it is about to end: its status says why */
			return;
		}
		gd_transport_sent(&s->base, (size_t)n);
	}
	if (s->ios[IN])
		gd_io_set(s->ios[IN],
			  gd_transport_pending(&s->base, &data) ? EPOLLOUT : 0);
}

static void finish(struct ssh *s)
{
	struct gd_transport_end e = {.status = -1};
	int raw = 0;

	while (waitpid(s->pid, &raw, 0) < 0 && errno == EINTR)
		continue;
	s->pid = -1;
	if (WIFEXITED(raw))
		e.status = WEXITSTATUS(raw);
	e.failed = e.status == SSH_FAILED || e.status < 0;
	if (e.failed)
		raise_failure(s, &e.err);
	(void)s->base.cb->on_end(s->base.ctx, &e);
}

/*
 * The process is through: what it left in its pipes first, then its status. A child of its
 * own that holds the pipes open (a ProxyCommand) does not keep us.
 */
static void on_exit_of_ssh(void *ctx, uint32_t events GD_UNUSED)
{
	struct ssh *s = ctx;
	int left = drain(s, OUT);

	if (left < 0 || drain(s, ERR) < 0)
		return;
	if (left > 0)
		return; /* level-triggered: the loop comes back here */
	gd_io_remove(s->pid_io);
	s->pid_io = NULL;
	for (int i = 0; i < N_PIPES; i++)
		close_pipe(s, i);
	finish(s);
}

static void on_out(void *ctx, uint32_t events GD_UNUSED)
{
	(void)drain(ctx, OUT);
}

static void on_err(void *ctx, uint32_t events GD_UNUSED)
{
	struct ssh *s = ctx;
	bool was_in = s->base.logged_in;

	if (drain(s, ERR) < 0)
		return;
	if (s->base.logged_in && !was_in)
		drop_known_hosts(s);
}

static void on_in(void *ctx, uint32_t events)
{
	struct ssh *s = ctx;

	if (events & (EPOLLERR | EPOLLHUP))
		close_pipe(s, IN);
	else
		send_pending(s);
}

static void on_again(void *ctx)
{
	send_pending(ctx);
}

static void ssh_kick(struct gd_transport *t)
{
	struct ssh *s = (struct ssh *)t;

	gd_timer_arm(s->again, gd_now());
}

/* --- starting --------------------------------------------------------------------------- */

struct args {
	const char *argv[MAX_ARGS];
	size_t n;
};

static void arg(struct args *a, const char *word)
{
	gd_assert(a->n + 1 < MAX_ARGS);
	a->argv[a->n++] = word;
}

static void option(struct args *a, const char *setting)
{
	arg(a, "-o");
	arg(a, setting);
}

static void fixed_options(struct args *a)
{
	static const char *const settings[] = {
		"BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no",
		"ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=6",
		/* A shared connection would prove nothing, and outlive us. */
		"ControlMaster=no", "ControlPath=none", "ClearAllForwardings=yes",
		"ForwardAgent=no", "ForwardX11=no", "PermitLocalCommand=no",
		"RemoteCommand=none", "RequestTTY=no", "Tunnel=no", "EscapeChar=none",
		"SessionType=default", "StdinNull=no", "ForkAfterAuthentication=no",
		"LogLevel=DEBUG1"};

	for (size_t i = 0; i < GD_N_ELEMS(settings); i++)
		option(a, settings[i]);
}

/* A known_hosts file with the inventory's key under a name of ours. */
static int write_known_hosts(struct ssh *s, struct gd_error *err)
{
	const char *dir = getenv("TMPDIR");
	GD_AUTO_FREE char *path =
		gd_strf("%s/gameday-known-hosts-XXXXXX", dir && *dir ? dir : "/tmp");
	GD_AUTO_FREE char *line =
		gd_strf("gameday-target %s\n", s->base.target->host_key);
	GD_AUTO_FD int fd = -1;

	if (!path || !line)
		return gd_raise_nomem(err);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return gd_raise_errno(err, "create %s", path);
	s->known_hosts = gd_steal_ptr(&path);
	return gd_fd_write_all(fd, line, strlen(line), err);
}

static int spawn_ssh(struct ssh *s, const struct args *a, const int theirs[N_PIPES],
		     char **env, struct gd_error *err)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, dflt;
	int e;

	(void)sigemptyset(&none);
	(void)sigemptyset(&dflt);
	(void)sigaddset(&dflt, SIGPIPE);
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawnattr_init(&attr);
	for (int i = 0; i < N_PIPES; i++)
		(void)posix_spawn_file_actions_adddup2(&fa, theirs[i], i);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &dflt);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETSID);
	/* POSIX takes char *const[] for history's sake and does not write through it. */
	e = posix_spawnp(&s->pid, "ssh", &fa, &attr, (char *const *)(uintptr_t)a->argv,
			 env);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)posix_spawnattr_destroy(&attr);
	if (!e)
		return 0;
	s->pid = -1;
	errno = e;
	return gd_raise_errno(err, "start ssh");
}

/* Our environment, and no window that asks for a passphrase. */
static char **make_env(void)
{
	static const char never[] = "SSH_ASKPASS_REQUIRE=never";
	size_t n = 0;
	char **env;

	while (environ[n])
		n++;
	env = calloc(n + 2, sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < n; i++)
		env[i + 1] = environ[i];
	env[0] = (char *)(uintptr_t)never; /* execve does not write */
	return env;
}

static int make_pipes(struct ssh *s, int theirs[N_PIPES], struct gd_error *err)
{
	for (int i = 0; i < N_PIPES; i++) {
		int p[2];
		/* Its input is a socket, because send() can be told to raise no SIGPIPE. */
		int rc = i == IN ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p)
				 : pipe2(p, O_CLOEXEC);

		if (rc < 0)
			return gd_raise_errno(err, "pipe");
		s->fds[i] = p[0];
		theirs[i] = p[1];
		if (fcntl(s->fds[i], F_SETFL, O_NONBLOCK) < 0)
			return gd_raise_errno(err, "fcntl");
	}
	return 0;
}

static int watch(struct ssh *s, struct gd_error *err)
{
	static gd_io_fn *const fns[N_PIPES] = {on_in, on_out, on_err};

	s->pid_fd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	if (s->pid_fd < 0)
		return gd_raise_errno(err, "pidfd_open");
	for (int i = 0; i < N_PIPES; i++)
		if (gd_loop_io(s->base.loop, s->fds[i], i == IN ? 0 : EPOLLIN, fns[i], s,
			       &s->ios[i], err) < 0)
			return -1;
	return gd_loop_io(s->base.loop, s->pid_fd, EPOLLIN, on_exit_of_ssh, s, &s->pid_io,
			  err);
}

static int start(struct ssh *s, const struct args *a, struct gd_error *err)
{
	GD_AUTO_FREE char **env = make_env();
	int theirs[N_PIPES] = {-1, -1, -1};
	int outcome = -1;

	if (!env)
		return gd_raise_nomem(err);
	if (make_pipes(s, theirs, err) == 0)
		outcome = spawn_ssh(s, a, theirs, env, err);
	for (int i = 0; i < N_PIPES; i++)
		gd_close_fd(&theirs[i]);
	return outcome < 0 ? -1 : watch(s, err);
}

static int build_and_start(struct ssh *s, struct gd_error *err)
{
	const struct gd_target *t = s->base.target;
	struct args a = {{"ssh", "-T"}, 2};
	GD_AUTO_FREE char *known = NULL;
	char port[16];

	(void)snprintf(port, sizeof(port), "%d", t->port);
	fixed_options(&a);
	if (t->ssh_config) {
		arg(&a, "-F");
		arg(&a, t->ssh_config);
	}
	if (t->host_key) {
		if (write_known_hosts(s, err) < 0)
			return -1;
		known = gd_strf("UserKnownHostsFile=%s", s->known_hosts);
		if (!known)
			return gd_raise_nomem(err);
		option(&a, known);
		option(&a, "GlobalKnownHostsFile=/dev/null");
		option(&a, "KnownHostsCommand=none");
		option(&a, "HostKeyAlias=gameday-target");
	}
	if (t->key) {
		option(&a, "IdentitiesOnly=yes");
		arg(&a, "-i");
		arg(&a, t->key);
	}
	if (t->jump) {
		arg(&a, "-J");
		arg(&a, t->jump);
	}
	if (t->port_given) {
		arg(&a, "-p");
		arg(&a, port);
	}
	if (t->user_given) {
		arg(&a, "-l");
		arg(&a, t->user);
	}
	arg(&a, "--");
	arg(&a, t->host);
	arg(&a, s->base.command);
	return start(s, &a, err);
}

/* The reaper of what is killed here: ssh ends at once on SIGTERM. */
static void end_process(struct ssh *s)
{
	int raw;

	if (s->pid < 0)
		return;
	(void)kill(s->pid, SIGTERM);
	for (int i = 0; i < 100; i++) {
		if (waitpid(s->pid, &raw, WNOHANG) != 0)
			return;
		gd_sleep(gd_span_ms(2));
	}
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, &raw, 0);
}

static void ssh_free(struct gd_transport *t)
{
	struct ssh *s = (struct ssh *)t;

	for (int i = 0; i < N_PIPES; i++)
		close_pipe(s, i);
	gd_io_remove(s->pid_io);
	gd_close_fd(&s->pid_fd);
	gd_timer_remove(s->again);
	end_process(s);
	drop_known_hosts(s);
	gd_strbuf_fini(&s->line);
	gd_transport_fini(&s->base);
	free(s);
}

static const struct gd_transport_ops ssh_ops = {
	.name = "ssh",
	.kick = ssh_kick,
	.free = ssh_free,
};

int gd_transport_new_ssh(struct gd_loop *loop, const struct gd_target *target,
			 const char *command, const struct gd_transport_callbacks *cb,
			 void *ctx, struct gd_transport **ret, struct gd_error *err)
{
	struct ssh *s = calloc(1, sizeof(*s));

	if (!s)
		return gd_raise_nomem(err);
	s->pid = s->pid_fd = -1;
	for (int i = 0; i < N_PIPES; i++)
		s->fds[i] = -1;
	if (gd_transport_init(&s->base, &ssh_ops, loop, target, command, cb, ctx, err) <
		    0 ||
	    gd_loop_timer(loop, on_again, s, &s->again, err) < 0 ||
	    build_and_start(s, err) < 0) {
		ssh_free(&s->base);
		return -1;
	}
	*ret = &s->base;
	return 0;
}
