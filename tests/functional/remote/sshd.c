/* SPDX-License-Identifier: Apache-2.0 */
#include "sshd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/base/strbuf.h"

#define SSHD "/usr/sbin/sshd"

enum { MAX_RUNNING = 8 };

static char dir[64];
static pid_t running[MAX_RUNNING]; /* so that a failed test leaves none behind */

const char *in_dir(const char *name)
{
	static char paths[64][128];
	static unsigned next;
	char *path = paths[next++ % 64];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void must(const char *const argv[])
{
	struct gd_error err = GD_ERROR_INIT;

	if (gd_proc_must(argv, gd_span_s(20), &err) < 0)
		fail_msg("%s", err.text);
}

void make_key(const char *name, const char *type, const char *passphrase)
{
	const char *const argv[] = {"ssh-keygen", "-q",         "-t", type,
				    "-N",         passphrase,   "-C", name,
				    "-f",         in_dir(name), NULL};

	must(argv);
}

char *public_key(const char *name)
{
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *path = gd_strf("%s.pub", in_dir(name));
	char *text;
	size_t size;

	assert_int_equal(gd_file_read(path, 65536, &text, &size, &err), 0);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

void write_file(const char *name, const char *text)
{
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_file_write(in_dir(name), text, strlen(text), 0600, &err), 0);
}

const char *sshd_setup(void)
{
	if (access(SSHD, X_OK) < 0)
		return NULL;
	/* The distribution's service makes this; sshd does not begin without. */
	if (geteuid() == 0)
		(void)mkdir("/run/sshd", 0755);
	(void)snprintf(dir, sizeof(dir), "/tmp/gameday-test-remote-XXXXXX");
	if (!mkdtemp(dir))
		return NULL;
	make_key("host", "ed25519", "");
	make_key("other", "ed25519", "");
	make_key("host_rsa", "rsa", "");
	make_key("client", "ed25519", "");
	make_key("client_ecdsa", "ecdsa", "");
	make_key("client_rsa", "rsa", "");
	make_key("client_locked", "ed25519", "secret");
	assert_int_equal(mkdir(in_dir("run"), 0700), 0);
	assert_int_equal(mkdir(in_dir("bin"), 0755), 0);
	return dir;
}

void sshd_teardown(void)
{
	struct gd_error err = GD_ERROR_INIT;

	for (size_t i = 0; i < MAX_RUNNING; i++)
		if (running[i] > 0)
			(void)kill(running[i], SIGTERM);
	if (gd_remove_tree(dir, &err) < 0)
		(void)fprintf(stderr, "%s\n", err.text);
}

int free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	(void)close(fd);
	return ntohs(a.sin_port);
}

static bool listens(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
	(void)close(fd);
	return ok;
}

static void authorize(void)
{
	static const char *const names[] = {"client", "client_ecdsa", "client_rsa",
					    "client_locked"};
	struct gd_strbuf sb = GD_STRBUF_INIT;

	for (size_t i = 0; i < GD_N_ELEMS(names); i++) {
		GD_AUTO_FREE char *key = public_key(names[i]);

		gd_strbuf_addf(&sb, "%s\n", key);
	}
	write_file("authorized_keys", gd_strbuf_str(&sb));
	gd_strbuf_fini(&sb);
}

struct sshd sshd_start(const char *host_key, const char *env, const char *extra)
{
	struct sshd s = {.port = free_port()};
	const char *const argv[] = {
		SSHD, "-D", "-f", in_dir("sshd_config"), "-E", in_dir("sshd.log"), NULL};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *config = gd_strf(
		"ListenAddress 127.0.0.1\nPort %d\nHostKey %s\nPidFile none\n"
		"AuthorizedKeysFile %s\nStrictModes no\nPermitRootLogin yes\n"
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n"
		"MaxStartups 100\nMaxSessions 50\nSetEnv XDG_RUNTIME_DIR=%s %s\n%s\n",
		s.port, in_dir(host_key), in_dir("authorized_keys"), in_dir("run"), env,
		extra);
	GD_AUTO_FD int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int in, out;

	assert_non_null(config);
	authorize();
	write_file("sshd_config", config);
	if (gd_proc_spawn(argv, log, &s.pid, &in, &out, &err) < 0)
		fail_msg("%s", err.text);
	(void)close(in);
	(void)close(out);
	for (size_t i = 0; i < MAX_RUNNING; i++)
		if (running[i] == 0) {
			running[i] = s.pid;
			break;
		}
	for (int i = 0; !listens(s.port); i++) {
		if (i == 500)
			fail_msg("sshd does not listen; see %s", in_dir("sshd.log"));
		gd_sleep(gd_span_ms(10));
	}
	return s;
}

void sshd_stop(struct sshd *s)
{
	struct gd_error err = GD_ERROR_INIT;
	int status;

	for (size_t i = 0; i < MAX_RUNNING; i++)
		if (running[i] == s->pid)
			running[i] = 0;
	(void)kill(s->pid, SIGTERM);
	assert_int_equal(gd_proc_wait(s->pid, gd_span_s(5), &status, &err), 0);
}
