/* SPDX-License-Identifier: Apache-2.0 */
/* Small tools of the guest's init: it links nothing of the project, so that it stays static and small. */
#include "gameday/lab/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void gd_say(const char *fmt, ...)
{
	char text[512];
	struct timespec now;
	va_list ap;
	int n;

	clock_gettime(CLOCK_BOOTTIME, &now);
	n = snprintf(text, sizeof text, "init: %ld.%02ld ", (long)now.tv_sec,
		     now.tv_nsec / 10000000);
	va_start(ap, fmt);
	(void)vsnprintf(text + n, sizeof text - (size_t)n - 1, fmt, ap);
	va_end(ap);
	n = (int)strlen(text);
	text[n] = '\n'; /* in place of the end: vsnprintf left room for one more */
	(void)!write(STDERR_FILENO, text, (size_t)n + 1);
}

void gd_exec(const char *const argv[], const char *log)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (log) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (fd >= 0) {
			dup2(fd, STDOUT_FILENO);
			dup2(fd, STDERR_FILENO);
		}
		if (null >= 0)
			dup2(null, STDIN_FILENO);
		setsid();
	}
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	gd_say("%s: %s", argv[0], strerror(errno));
	_exit(127);
}

int gd_run(const char *const argv[])
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		return -1;
	if (pid == 0)
		gd_exec(argv, NULL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		gd_say("%s: status %d", argv[0], status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool gd_mkdirs(const char *path)
{
	char part[256];

	for (size_t i = 0; i < sizeof part; i++) {
		part[i] = path[i];
		if ((path[i] == '/' || path[i] == '\0') && i > 0) {
			part[i] = '\0';
			if (mkdir(part, 0755) != 0 && errno != EEXIST)
				return false;
			part[i] = '/';
		}
		if (path[i] == '\0')
			return true;
	}
	return false;
}

bool gd_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (!ok)
		gd_say("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

bool gd_mount(const char *what, const char *where, const char *type, unsigned long flags,
	      const char *data)
{
	if (mount(what, where, type, flags, data) == 0)
		return true;
	gd_say("mount %s on %s: %s", what, where, strerror(errno));
	return false;
}
