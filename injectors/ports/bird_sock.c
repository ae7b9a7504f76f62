/* SPDX-License-Identifier: Apache-2.0 */
/* The routing port over BIRD's control socket. Each call is a connection of its own. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/bird.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "injectors/ports/linux.h"

enum { REFUSED = 8000, ROUTE = 1007, PENDING = 22, MAX_CONFIG = 4 << 20 };
/* BIRD's own limit of includes within includes; and ours of files in all. */
enum { MAX_DEPTH = 8, MAX_FILES = 2000 };

/* Asks, and makes an error of a refusal. */
static int must(const char *socket, const char *command, struct gd_strbuf *out,
		struct gd_error *err)
{
	int code;

	if (gd_bird_ask(socket, false, command, out, &code, err) < 0)
		return -1;
	if (code >= REFUSED)
		return gd_raise(err, GD_E_REFUSED, "BIRD refuses \"%.120s\": %.200s",
				command, gd_strbuf_str(out));
	return 0;
}

static int find(void *ctx GD_UNUSED, const char *given, char ret[GD_ROUTING_PATH],
		struct gd_error *err)
{
	return gd_bird_find(given, ret, err);
}

static int list(void *ctx GD_UNUSED, const char *socket, struct gd_strbuf *out,
		struct gd_error *err)
{
	GD_AUTO_STRBUF(reply);
	struct gd_bird_protocol p;
	const char *at;

	if (must(socket, "show protocols", &reply, err) < 0)
		return -1;
	at = gd_strbuf_str(&reply);
	while (gd_bird_next_protocol(&at, &p))
		gd_strbuf_addf(out, "%s %s %s\n", p.name, p.type, p.state);
	return 0;
}

static int get(void *ctx GD_UNUSED, const char *socket, const char *protocol,
	       struct gd_routing_protocol *ret, struct gd_error *err)
{
	GD_AUTO_FREE char *command = gd_strf("show protocols all %s", protocol);
	GD_AUTO_STRBUF(reply);
	struct gd_bird_protocol p;
	const char *at;
	int code;

	if (!command)
		return gd_raise_nomem(err);
	if (gd_bird_ask(socket, true, command, &reply, &code, err) < 0)
		return -1;
	at = gd_strbuf_str(&reply);
	if (code >= REFUSED || !gd_bird_next_protocol(&at, &p))
		return GD_PORT_ABSENT;
	*ret = (struct gd_routing_protocol){.enabled = strcmp(p.state, "down") != 0,
					    .up = p.up,
					    .imported = p.imported,
					    .exported = p.exported};
	(void)snprintf(ret->type, sizeof(ret->type), "%s", p.type);
	(void)snprintf(ret->state, sizeof(ret->state), "%s%s%s", p.state,
		       *p.info ? " " : "", p.info);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Sorts lines of text in place and adds each once to out. */
static int add_sorted(char *text, size_t n, struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_FREE char **lines = calloc(n + 1, sizeof(*lines));
	char *rest = text;
	size_t have = 0;

	if (!lines)
		return gd_raise_nomem(err);
	while (have < n && (lines[have] = strsep(&rest, "\n")) != NULL)
		have++;
	qsort(lines, have, sizeof(*lines), by_text);
	for (size_t i = 0; i < have; i++)
		if (i == 0 || strcmp(lines[i], lines[i - 1]) != 0)
			gd_strbuf_addf(out, "%s\n", lines[i]);
	return 0;
}

static int routes(void *ctx GD_UNUSED, const char *socket, const char *protocol,
		  bool exported, struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_FREE char *command =
		gd_strf("show route %s %s", exported ? "export" : "protocol", protocol);
	GD_AUTO_STRBUF(reply);
	GD_AUTO_STRBUF(prefixes);
	size_t n = 0;
	int code;

	if (!command)
		return gd_raise_nomem(err);
	if (gd_bird_ask(socket, true, command, &reply, &code, err) < 0)
		return -1;
	/* A protocol that is down has no tables: BIRD says so with an error. */
	for (const char *at = gd_strbuf_str(&reply); *at; at += *at == '\n') {
		const char *text = at + strcspn(at, " \n");

		size_t len = *text == ' ' ? strcspn(++text, " \t\n") : 0;

		/* Not headings, further ways of the same route, and attributes. */
		if (strtol(at, NULL, 10) == ROUTE && len > 0 && memchr(text, '/', len)) {
			gd_strbuf_addf(&prefixes, "%.*s\n", (int)len, text);
			n++;
		}
		at += strcspn(at, "\n");
	}
	if (n == 0)
		return 0;
	if (prefixes.failed)
		return gd_raise_nomem(err);
	return add_sorted(prefixes.data, n, out, err);
}

static int enable(void *ctx GD_UNUSED, const char *socket, const char *protocol,
		  bool enabled, struct gd_error *err)
{
	GD_AUTO_FREE char *command =
		gd_strf("%s %s", enabled ? "enable" : "disable", protocol);
	GD_AUTO_STRBUF(reply);

	return command ? must(socket, command, &reply, err) : gd_raise_nomem(err);
}

static int config_path(void *ctx GD_UNUSED, const char *socket, struct gd_strbuf *out,
		       struct gd_error *err)
{
	static const char before[] = "Reading configuration from ";
	GD_AUTO_STRBUF(reply);
	const char *at;

	if (must(socket, "configure check", &reply, err) < 0)
		return gd_wrap(err, "the configuration on disk is not sound: ");
	at = strstr(gd_strbuf_str(&reply), before);
	if (!at)
		return gd_raise(err, GD_E_REMOTE,
				"BIRD does not say where its configuration is: %.200s",
				gd_strbuf_str(&reply));
	at += strlen(before);
	gd_strbuf_add(out, at, strcspn(at, "\n"));
	return out->failed ? gd_raise_nomem(err) : 0;
}

static int config_age(void *ctx GD_UNUSED, const char *socket, struct gd_span *ret,
		      struct gd_error *err)
{
	GD_AUTO_STRBUF(reply);

	if (must(socket, "show status", &reply, err) < 0)
		return -1;
	return gd_bird_config_age(gd_strbuf_str(&reply), ret, err);
}

struct youngest {
	int64_t changed_ns; /* by the wall clock */
	int files, depth;
};

static int look_at_file(const char *path, struct youngest *y, struct gd_error *err);

/* All that `include "NAME"` means in a file of the folder of `path`. */
static int look_at_included(const char *path, const char *name, size_t len,
			    struct youngest *y, struct gd_error *err)
{
	const char *slash = strrchr(path, '/');
	int folder = *name == '/' || !slash ? 0 : (int)(slash + 1 - path);
	GD_AUTO_FREE char *pattern = gd_strf("%.*s%.*s", folder, path, (int)len, name);
	glob_t found = {0};
	int rc = 0;

	if (!pattern)
		return gd_raise_nomem(err);
	/* One that is not there, or in a comment, is BIRD's to complain of. */
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && rc == 0; i++)
			rc = look_at_file(found.gl_pathv[i], y, err);
	globfree(&found);
	return rc;
}

static int look_at_file(const char *path, struct youngest *y, struct gd_error *err)
{
	static const char word[] = "include";
	GD_AUTO_FREE char *text = NULL;
	struct stat st;
	size_t size;
	int rc = 0;

	if (stat(path, &st) < 0)
		return gd_raise_errno(err, "stat %s", path);
	if (gd_file_read(path, MAX_CONFIG, &text, &size, err) < 0)
		return -1;
	if (y->files++ == MAX_FILES || y->depth == MAX_DEPTH)
		return gd_raise(err, GD_E_REFUSED,
				"BIRD's configuration includes too many files, at %s",
				path);
	/* A file renamed into its place has its own time of writing, but a new change. */
	if (st.st_ctim.tv_sec * GD_NS_PER_S + st.st_ctim.tv_nsec > y->changed_ns)
		y->changed_ns = st.st_ctim.tv_sec * GD_NS_PER_S + st.st_ctim.tv_nsec;
	y->depth++;
	for (const char *at = text; rc == 0 && (at = strstr(at, word)) != NULL;) {
		at += strlen(word);
		at += strspn(at, " \t\r\n");
		if (*at == '"')
			rc = look_at_included(path, at + 1, strcspn(at + 1, "\"\n"), y,
					      err);
	}
	y->depth--;
	return rc;
}

static int file_age(void *ctx GD_UNUSED, const char *path, struct gd_span *ret,
		    struct gd_error *err)
{
	struct youngest y = {0};

	if (look_at_file(path, &y, err) < 0)
		return -1;
	ret->ns = gd_wall_now().ns - y.changed_ns;
	return 0;
}

static int pending(void *ctx GD_UNUSED, const char *socket, struct gd_span *ret,
		   struct gd_error *err)
{
	static const char before[] = "undo in ";
	GD_AUTO_STRBUF(reply);

	if (must(socket, "configure status", &reply, err) < 0)
		return -1;
	*ret = (struct gd_span){0};
	for (const char *at = gd_strbuf_str(&reply); *at; at += *at == '\n') {
		const char *left = strstr(at, before);
		double s = left ? strtod(left + strlen(before), NULL) : 0;

		if (strtol(at, NULL, 10) == PENDING) {
			ret->ns = s > 0 && s < 1e9 ? (int64_t)(s * 1e9) : 0;
			ret->ns += ret->ns == 0; /* it is waiting, however long */
		}
		at += strcspn(at, "\n");
	}
	return 0;
}

static void add_configure(struct gd_strbuf *out, const char *path,
			  struct gd_span undo_after)
{
	int64_t s = (undo_after.ns + GD_NS_PER_S - 1) / GD_NS_PER_S;

	gd_strbuf_addf(out, "configure \"%s\"", path);
	if (s > 0)
		gd_strbuf_addf(out, " timeout %" PRId64, s);
}

static int configure(void *ctx GD_UNUSED, const char *socket, const char *path,
		     struct gd_span undo_after, struct gd_error *err)
{
	GD_AUTO_STRBUF(command);
	GD_AUTO_STRBUF(reply);

	add_configure(&command, path, undo_after);
	return must(socket, gd_strbuf_str(&command), &reply, err);
}

static int renew(void *ctx GD_UNUSED, const char *socket, const char *original,
		 const char *path, struct gd_span undo_after, struct gd_error *err)
{
	GD_AUTO_FREE char *first = gd_strf("configure soft \"%s\"", original);
	GD_AUTO_STRBUF(second);
	GD_AUTO_STRBUF(reply);
	int codes[2];

	if (!first)
		return gd_raise_nomem(err);
	add_configure(&second, path, undo_after);
	if (gd_bird_ask_both(socket, first, gd_strbuf_str(&second), &reply, codes, err) <
	    0)
		return -1;
	if (codes[0] >= REFUSED || codes[1] >= REFUSED)
		return gd_raise(err, GD_E_REFUSED,
				"BIRD refuses to load %.100s and %.100s again: %.200s",
				original, path, gd_strbuf_str(&reply));
	return 0;
}

static int undo(void *ctx GD_UNUSED, const char *socket, struct gd_error *err)
{
	GD_AUTO_STRBUF(reply);

	return must(socket, "configure undo", &reply, err);
}

static int read_file(void *ctx GD_UNUSED, const char *path, struct gd_strbuf *out,
		     struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL;
	size_t size;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return GD_PORT_ABSENT;
	if (gd_file_read(path, MAX_CONFIG, &text, &size, err) < 0)
		return -1;
	gd_strbuf_add(out, text, size);
	return out->failed ? gd_raise_nomem(err) : 0;
}

/*
 * Under its final name from the first byte, not renamed into place: nobody reads it before
 * BIRD is told to, and a death in between leaves only what the undo record names.
 */
static int fill_file(const char *path, const struct stat *like, const char *text,
		     struct gd_error *err)
{
	GD_AUTO_FD int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return gd_raise_errno(err, "%s", path);
	if (gd_fd_write_all(fd, text, strlen(text), err) < 0)
		return gd_wrap(err, "%s: ", path);
	if (fchown(fd, like->st_uid, like->st_gid) < 0 ||
	    fchmod(fd, like->st_mode & 07777) < 0)
		return gd_raise_errno(err, "%s: owner and mode", path);
	return fsync(fd) < 0 ? gd_raise_errno(err, "%s: sync", path) : 0;
}

static int write_file(void *ctx GD_UNUSED, const char *path, const char *like,
		      const char *text, struct gd_error *err)
{
	struct stat st;

	if (stat(like, &st) < 0)
		return gd_raise_errno(err, "stat %s", like);
	if (unlink(path) < 0 && errno != ENOENT)
		return gd_raise_errno(err, "remove %s", path);
	if (fill_file(path, &st, text, err) < 0) {
		(void)unlink(path);
		return -1;
	}
	return 0;
}

static int remove_file(void *ctx GD_UNUSED, const char *path, struct gd_error *err)
{
	if (unlink(path) == 0)
		return 0;
	return errno == ENOENT ? GD_PORT_ABSENT : gd_raise_errno(err, "remove %s", path);
}

const struct gd_routing_port gd_routing_linux = {.find = find,
						 .list = list,
						 .get = get,
						 .routes = routes,
						 .enable = enable,
						 .config_path = config_path,
						 .config_age = config_age,
						 .file_age = file_age,
						 .pending = pending,
						 .configure = configure,
						 .renew = renew,
						 .undo = undo,
						 .read_file = read_file,
						 .write_file = write_file,
						 .remove_file = remove_file};
