/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd with one epoll thread of its own. A stream of events (HTML Living Standard,
 * 9.2) is a response without an end, whose reader has nothing to give most of the time: then
 * its connection is suspended, and publishing resumes it. One lock covers the text and who
 * is asleep; it is held for a copy of some kilobytes at most.
 *
 * A client that does not read is dropped by the library's inactivity limit; meanwhile it
 * costs one connection of few, and what it misses is never queued: on its return it gets
 * the newest text.
 */
#include "gameday/live/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>
#include <openssl/evp.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/strbuf.h"
#include "gameday/live/page.h"

enum {
	MAX_CLIENTS = 32,
	IDLE_S = 15,
	RETRY_MS = 1000,
	LAST_MS = 1500,
	BLOCK = 16 * 1024,
	KEEPALIVE_MS = 5000,
};

struct client {
	struct gd_web *web;
	struct MHD_Connection *connection;
	struct client *next;
	uint64_t seen; /* the newest text that was begun to be sent */
	char *text;    /* owned: being sent; NULL: nothing */
	size_t sent;
	bool asleep;
};

struct gd_web {
	int fd; /* listening, owned until the daemon has it */
	struct MHD_Daemon *daemon;
	struct sockaddr_storage address;
	char url[128], own_name[256];
	char policy[512]; /* Content-Security-Policy */
	pthread_mutex_t lock;
	char *json;         /* owned: the newest; NULL: none yet */
	uint64_t published; /* its number */
	bool closing;
	struct client *clients; /* those with a stream */
};

/* --- the stream of events ------------------------------------------------------------ */

/* The newest text as an event, when there is one that the client has not seen. */
static void next_text(struct client *c)
{
	GD_AUTO_STRBUF(event);

	if (c->seen == c->web->published || !c->web->json)
		return;
	if (c->seen == 0)
		gd_strbuf_addf(&event, "retry: %d\n", RETRY_MS);
	gd_strbuf_addf(&event, "data: %s\n\n", c->web->json);
	c->text = gd_strbuf_steal(&event);
	c->sent = 0;
	c->seen = c->web->published;
}

static ssize_t read_stream(void *ctx, uint64_t pos GD_UNUSED, char *buf, size_t max)
{
	struct client *c = ctx;
	size_t n = 0;

	(void)pthread_mutex_lock(&c->web->lock);
	if (!c->text)
		next_text(c);
	if (c->text) {
		n = strlen(c->text + c->sent);
		n = n < max ? n : max;
		memcpy(buf, c->text + c->sent, n);
		c->sent += n;
		if (!c->text[c->sent]) {
			free(c->text);
			c->text = NULL;
		}
	} else if (c->web->closing) {
		(void)pthread_mutex_unlock(&c->web->lock);
		return MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		c->asleep = true;
		MHD_suspend_connection(c->connection);
	}
	(void)pthread_mutex_unlock(&c->web->lock);
	return (ssize_t)n;
}

static void free_stream(void *ctx)
{
	struct client *c = ctx;
	struct gd_web *w = c->web;

	(void)pthread_mutex_lock(&w->lock);
	for (struct client **p = &w->clients; *p; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			break;
		}
	(void)pthread_mutex_unlock(&w->lock);
	free(c->text);
	free(c);
}

/* With the lock held. */
static void wake_all(struct gd_web *w)
{
	for (struct client *c = w->clients; c; c = c->next)
		if (c->asleep) {
			c->asleep = false;
			MHD_resume_connection(c->connection);
		}
}

static struct MHD_Response *stream(struct gd_web *w, struct MHD_Connection *connection)
{
	struct client *c = calloc(1, sizeof(*c));
	struct MHD_Response *r;

	if (!c)
		return NULL;
	*c = (struct client){.web = w, .connection = connection};
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, c,
					      free_stream);
	if (!r) {
		free(c);
		return NULL;
	}
	(void)pthread_mutex_lock(&w->lock);
	c->next = w->clients;
	w->clients = c;
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}

/* --- requests ------------------------------------------------------------------------ */

static bool is_address(const char *s, size_t len)
{
	char text[INET6_ADDRSTRLEN + 2] = "";
	struct in6_addr a;

	if (len >= sizeof(text))
		return false;
	memcpy(text, s, len);
	if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
		text[len - 1] = '\0';
		return inet_pton(AF_INET6, text + 1, &a) == 1;
	}
	return inet_pton(AF_INET, text, &a) == 1;
}

bool gd_web_host_is_ours(const char *host, const char *own_name)
{
	size_t len = host ? strlen(host) : 0;
	const char *colon = host ? strrchr(host, ':') : NULL;

	if (colon && colon[1] && colon[1 + strspn(colon + 1, "0123456789")] == '\0')
		len = (size_t)(colon - host);
	if (len == 0)
		return false;
	if (is_address(host, len))
		return true;
	return (len == strlen("localhost") && strncasecmp(host, "localhost", len) == 0) ||
	       (len == strlen(own_name) && strncasecmp(host, own_name, len) == 0);
}

static enum MHD_Result answer(struct gd_web *w, struct MHD_Connection *connection,
			      unsigned status, const char *type, struct MHD_Response *r)
{
	const char *const headers[][2] = {
		{"Content-Type", type},
		{"Content-Security-Policy", w->policy},
		{"Cache-Control", "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
	};
	enum MHD_Result result = MHD_NO;

	if (!r)
		return MHD_NO;
	for (size_t i = 0; i < GD_N_ELEMS(headers); i++)
		(void)MHD_add_response_header(r, headers[i][0], headers[i][1]);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(r, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result refuse(struct gd_web *w, struct MHD_Connection *connection,
			      unsigned status, const char *text)
{
	/* The library takes a pointer to what may change; with PERSISTENT it does not. */
	char *copy = strdup(text);
	struct MHD_Response *r = copy ? MHD_create_response_from_buffer(
						strlen(copy), copy, MHD_RESPMEM_MUST_FREE)
				      : NULL;

	return answer(w, connection, status, "text/plain; charset=utf-8", r);
}

static enum MHD_Result serve(struct gd_web *w, struct MHD_Connection *connection,
			     const char *path, bool head)
{
	static const char events_type[] = "text/event-stream; charset=utf-8";

	if (strcmp(path, "/") == 0) {
		size_t size = strlen(gd_page_html);
		char *copy = strdup(gd_page_html);

		return answer(w, connection, MHD_HTTP_OK, "text/html; charset=utf-8",
			      copy ? MHD_create_response_from_buffer(
					     size, copy, MHD_RESPMEM_MUST_FREE)
				   : NULL);
	}
	if (strcmp(path, "/events") != 0)
		return refuse(w, connection, MHD_HTTP_NOT_FOUND,
			      "There is / and /events here.\n");
	if (head)
		return answer(
			w, connection, MHD_HTTP_OK, events_type,
			MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
	return answer(w, connection, MHD_HTTP_OK, events_type, stream(w, connection));
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection,
				  const char *url, const char *method,
				  const char *version GD_UNUSED,
				  const char *upload GD_UNUSED, size_t *upload_size,
				  void **state)
{
	struct gd_web *w = ctx;
	bool head = strcmp(method, "HEAD") == 0;

	/* First it comes with the headers alone; an answer then would close the connection. */
	if (!*state) {
		*state = w;
		return MHD_YES;
	}
	/* A body is not read for its own sake, only out of the way. */
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (!gd_web_host_is_ours(
		    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host"),
		    w->own_name))
		return refuse(w, connection, MHD_HTTP_MISDIRECTED_REQUEST,
			      "Ask for this page by the address that gameday printed.\n");
	if (!head && strcmp(method, "GET") != 0)
		return refuse(w, connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			      "This page is for looking only.\n");
	return serve(w, connection, url, head);
}

/* --- starting and ending ------------------------------------------------------------- */

/* "HOST:PORT" in two; the brackets of an IPv6 address are taken off. */
static int split(const char *address, char host[256], char port[8], struct gd_error *err)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : 0;
	size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

	if (len == 0 || len >= 256 || digits == 0 || digits > 5 || colon[1 + digits] ||
	    strtol(colon + 1, NULL, 10) > 65535)
		return gd_raise(err, GD_E_INPUT,
				"--dashboard %.80s is not ADDRESS:PORT: write "
				"127.0.0.1:8080, or 127.0.0.1:0 for any free port",
				address);
	(void)snprintf(port, 8, "%s", colon + 1);
	if (address[0] == '[' && colon[-1] == ']')
		(void)snprintf(host, 256, "%.*s", (int)len - 2, address + 1);
	else
		(void)snprintf(host, 256, "%.*s", (int)len, address);
	return 0;
}

static bool is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, a, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	if (a->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, a, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
	return false;
}

static int listen_at(struct gd_web *w, const char *address, const struct addrinfo *ai,
		     bool open_to_all, struct gd_error *err)
{
	int one = 1;

	if (!open_to_all && !is_loopback(ai->ai_addr))
		return gd_raise(
			err, GD_E_INPUT,
			"--dashboard %.80s would show the run to the network: use "
			"127.0.0.1:PORT (and ssh -L to see it from elsewhere), or "
			"add --dashboard-public",
			address);
	w->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0 ||
	    setsockopt(w->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(w->fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(w->fd, 16) < 0) {
		(void)gd_raise_errno(err, "--dashboard %.80s", address);
		if (err->sys_errno == EADDRINUSE)
			(void)gd_raise(
				err, GD_E_INPUT,
				"--dashboard %.80s: somebody listens there already; "
				"port 0 takes any that is free",
				address);
		return -1;
	}
	return 0;
}

static int name_url(struct gd_web *w, struct gd_error *err)
{
	socklen_t size = sizeof(w->address);
	char host[NI_MAXHOST], port[NI_MAXSERV];
	const char *open, *close;

	if (getsockname(w->fd, (struct sockaddr *)&w->address, &size) < 0)
		return gd_raise_errno(err, "getsockname");
	if (getnameinfo((struct sockaddr *)&w->address, size, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return gd_raise(err, GD_E_SYSTEM, "the dashboard's own address");
	open = strchr(host, ':') ? "[" : "";
	close = strchr(host, ':') ? "]" : "";
	(void)snprintf(w->url, sizeof(w->url), "http://%s%.80s%s:%.8s/", open, host,
		       close, port);
	if (gethostname(w->own_name, sizeof(w->own_name)) < 0)
		w->own_name[0] = '\0';
	w->own_name[sizeof(w->own_name) - 1] = '\0';
	return 0;
}

/* "'sha256-...'" of what stands between two tags of the page. */
static void add_hash(struct gd_strbuf *out, const char *begin, const char *end)
{
	const char *from = strstr(gd_page_html, begin);
	const char *to = from ? strstr(from, end) : NULL;
	unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	gd_assert(to != NULL);
	from += strlen(begin);
	gd_assert(EVP_Digest(from, (size_t)(to - from), digest, &size, EVP_sha256(),
			     NULL) == 1);
	(void)EVP_EncodeBlock(base64, digest, (int)size);
	gd_strbuf_addf(out, "'sha256-%s'", (const char *)base64);
}

/* Only the page's own style and script, and only its own stream. */
static void make_policy(struct gd_web *w)
{
	GD_AUTO_STRBUF(policy);

	gd_strbuf_adds(&policy, "default-src 'none'; connect-src 'self'; img-src data:; "
				"base-uri 'none'; form-action 'none'; frame-ancestors "
				"'none'; style-src ");
	add_hash(&policy, "<style>", "</style>");
	gd_strbuf_adds(&policy, "; script-src ");
	add_hash(&policy, "<script>", "</script>");
	(void)snprintf(w->policy, sizeof(w->policy), "%s", gd_strbuf_str(&policy));
}

int gd_web_new(const char *address, bool open_to_all, struct gd_web **ret,
	       struct gd_error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *ai = NULL;
	struct gd_web *w;
	char host[256], port[8];
	int status;

	if (split(address, host, port, err) < 0)
		return -1;
	if (getaddrinfo(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, port, &hints,
			&ai) != 0)
		return gd_raise(err, GD_E_INPUT,
				"--dashboard %.80s: write an address of this machine "
				"(127.0.0.1, [::1]) or localhost",
				address);
	w = calloc(1, sizeof(*w));
	if (!w) {
		freeaddrinfo(ai);
		return gd_raise_nomem(err);
	}
	w->fd = -1;
	(void)pthread_mutex_init(&w->lock, NULL);
	status = listen_at(w, address, ai, open_to_all, err);
	freeaddrinfo(ai);
	if (status < 0 || name_url(w, err) < 0) {
		gd_web_free(w);
		return -1;
	}
	make_policy(w);
	*ret = w;
	return 0;
}

int gd_web_start(struct gd_web *w, struct gd_error *err)
{
	sigset_t all, before;

	/* Signals are for the run's own thread. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	w->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, w, MHD_OPTION_LISTEN_SOCKET, w->fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CLIENTS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!w->daemon)
		return gd_raise(err, GD_E_SYSTEM, "the dashboard could not be started");
	w->fd = -1; /* the daemon's now */
	return 0;
}

static bool all_have_it(struct gd_web *w)
{
	bool all = true;

	(void)pthread_mutex_lock(&w->lock);
	for (const struct client *c = w->clients; c; c = c->next)
		all = all && c->seen == w->published && !c->text;
	(void)pthread_mutex_unlock(&w->lock);
	return all;
}

static void say_goodbye(struct gd_web *w)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_ms(LAST_MS));

	while (!all_have_it(w) && gd_now().ns < end.ns)
		gd_sleep(gd_span_ms(10));
	(void)pthread_mutex_lock(&w->lock);
	w->closing = true;
	wake_all(w);
	(void)pthread_mutex_unlock(&w->lock);
	end = gd_after(gd_now(), gd_span_ms(LAST_MS));
	while (gd_now().ns < end.ns) {
		bool gone;

		(void)pthread_mutex_lock(&w->lock);
		gone = !w->clients;
		(void)pthread_mutex_unlock(&w->lock);
		if (gone)
			break;
		gd_sleep(gd_span_ms(10));
	}
}

void gd_web_free(struct gd_web *w)
{
	if (!w)
		return;
	if (w->daemon) {
		say_goodbye(w);
		MHD_stop_daemon(w->daemon);
	}
	gd_close_fd(&w->fd);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->json);
	free(w);
}

const char *gd_web_url(const struct gd_web *w)
{
	return w->url;
}

void gd_web_publish(struct gd_web *w, const char *json)
{
	char *copy = strdup(json);
	char *old;

	if (!copy)
		return;
	(void)pthread_mutex_lock(&w->lock);
	old = w->json;
	w->json = copy;
	w->published++;
	wake_all(w);
	(void)pthread_mutex_unlock(&w->lock);
	free(old);
}
