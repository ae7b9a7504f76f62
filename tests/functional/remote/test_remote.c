/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/remote/host.h"
#include "gameday/wire/message.h"
#include "sshd.h"

enum { PATIENCE_S = 20 };

/*
 * libssh2 1.10 loses two numbers per login with an ECDSA key. The sanitizer needs its slow
 * unwinder to see that they are libssh2's.
 */
const char *__lsan_default_suppressions(void);
const char *__asan_default_options(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libssh2.so";
}

const char *__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

/* What one host did, as its callbacks saw it. */
struct seen {
	struct gd_host *host;
	bool ready, lost, answered, probed, close_on_ready, close_on_reply;
	int n_events, n_answers;
	struct gd_error lost_err, call_err, probe_err;
	char text[256], connection[256], sudo[8], self[512];
};

struct world {
	struct gd_loop *loop;
	struct gd_bundle bundle;
	struct sshd sshd;
};

static void on_ready(void *ctx)
{
	struct seen *s = ctx;

	s->ready = true;
	if (s->close_on_ready)
		gd_host_close(s->host);
}

static void on_event(void *ctx, const cJSON *event)
{
	struct seen *s = ctx;

	assert_string_equal(gd_json_str(event, "event", ""), "tick");
	s->n_events++;
}

static void on_lost(void *ctx, const struct gd_error *err)
{
	struct seen *s = ctx;

	assert_false(s->lost);
	s->lost = true;
	s->lost_err = *err;
}

static const struct gd_host_callbacks callbacks = {on_ready, on_event, on_lost};

static void on_reply(void *ctx, const cJSON *reply, const struct gd_error *err)
{
	struct seen *s = ctx;

	s->answered = true;
	s->n_answers++;
	if (err) {
		assert_null(reply);
		s->call_err = *err;
	} else {
		(void)snprintf(s->text, sizeof(s->text), "%s",
			       gd_json_str(reply, "text", ""));
		(void)snprintf(s->connection, sizeof(s->connection), "%s",
			       gd_json_str(reply, "ssh_connection", ""));
		(void)snprintf(s->sudo, sizeof(s->sudo), "%s",
			       gd_json_str(reply, "sudo", ""));
		(void)snprintf(s->self, sizeof(s->self), "%s",
			       gd_json_str(reply, "self", ""));
	}
	if (s->close_on_reply)
		gd_host_close(s->host);
}

static void on_probe(void *ctx, struct gd_span took, const struct gd_error *err)
{
	struct seen *s = ctx;

	s->probed = true;
	assert_true(took.ns > 0);
	if (err)
		s->probe_err = *err;
}

/* Runs the loop until one of the flags is set. */
static void await(struct world *w, const bool *a, const bool *b)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(PATIENCE_S));
	struct gd_error err = GD_ERROR_INIT;

	while (!*a && !(b && *b)) {
		if (gd_now().ns > end.ns)
			fail_msg("nothing came in %d s", PATIENCE_S);
		assert_int_equal(gd_loop_step(w->loop, end, &err), 0);
	}
}

static void expect_words(const struct gd_error *err, const char *words)
{
	if (!strstr(err->text, words))
		fail_msg("\"%s\" does not say \"%s\"", err->text, words);
}

/* --- targets ----------------------------------------------------------------------------- */

static struct gd_target make_target(int port, const char *key, const char *host_key)
{
	GD_AUTO_FREE char *pub = host_key ? public_key(host_key) : NULL;
	GD_AUTO_FREE char *path = key ? strdup(in_dir(key)) : NULL;
	char name[] = "box", address[] = "127.0.0.1";
	struct gd_inventory_host h = {.name = name,
				      .host = address,
				      .port = port,
				      .key = path,
				      .host_key = pub,
				      .sudo = GD_SUDO_AUTO};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_target t;

	if (gd_target_init(&t, &h, in_dir("ssh_config"), &err) < 0)
		fail_msg("%s", err.text);
	return t;
}

static struct gd_host *connect_host(struct world *w, const struct gd_target *t,
				    struct gd_host_options opts, struct seen *s)
{
	struct gd_error err = GD_ERROR_INIT;

	opts.bundle = &w->bundle;
	if (gd_host_new(w->loop, t, &opts, &callbacks, s, &s->host, &err) < 0)
		fail_msg("%s", err.text);
	gd_host_connect(s->host);
	return s->host;
}

static struct gd_host *connect_ready(struct world *w, const struct gd_target *t,
				     enum gd_host_transport_choice how, struct seen *s)
{
	struct gd_host *h =
		connect_host(w, t, (struct gd_host_options){.transport = how}, s);

	await(w, &s->ready, &s->lost);
	if (s->lost)
		fail_msg("%s", s->lost_err.text);
	return h;
}

/* Connects and expects it to fail; the error in s->lost_err. */
static void connect_lost(struct world *w, const struct gd_target *t,
			 struct gd_host_options opts, struct seen *s)
{
	*s = (struct seen){0};
	(void)connect_host(w, t, opts, s);
	await(w, &s->lost, &s->ready);
	assert_true(s->lost);
	assert_int_equal(strncmp(s->lost_err.text, "host box: ", 10), 0);
	gd_host_close(s->host);
}

static void ask(struct world *w, struct seen *s, const char *op, const char *text,
		int limit_ms)
{
	cJSON *request = gd_message_request(op);

	assert_true(gd_json_set_str(request, "text", text));
	s->answered = false;
	s->call_err = (struct gd_error)GD_ERROR_INIT;
	gd_host_call(s->host, request, gd_span_ms(limit_ms), on_reply, s);
	assert_false(s->answered);
	await(w, &s->answered, NULL);
}

/* --- what works --------------------------------------------------------------------------- */

static void whole_session(struct world *w, enum gd_host_transport_choice how,
			  const char *name)
{
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	struct seen s = {0}, again = {0};
	struct gd_host *h = connect_ready(w, &t, how, &s);
	char port[16];

	assert_string_equal(gd_host_transport(h), name);
	ask(w, &s, "echo", "gr\xc3\xbc\xc3\x9f", 5000);
	assert_int_equal(s.call_err.code, GD_OK);
	assert_string_equal(s.text, "gr\xc3\xbc\xc3\x9f");
	ask(w, &s, "event", "", 5000);
	assert_int_equal(s.n_events, 1);
	ask(w, &s, "words", "", 5000);
	assert_int_equal(s.call_err.code, GD_E_REFUSED);
	assert_string_equal(s.call_err.text, "host box: no, thank you");
	ask(w, &s, "args", "", 5000);
	(void)snprintf(port, sizeof(port), " %d", w->sshd.port);
	assert_non_null(strstr(s.connection, port));
	assert_string_equal(s.connection, gd_host_ssh_connection(h));
	assert_string_equal(s.sudo, "no");
	gd_host_probe_new_connection(h, gd_span_s(10), on_probe, &s);
	await(w, &s.probed, NULL);
	if (s.probe_err.code != GD_OK)
		fail_msg("%s", s.probe_err.text);
	(void)connect_ready(w, &t, how, &again);
	assert_false(gd_host_uploaded(again.host));
	gd_host_close(again.host);
	gd_host_close(h);
	assert_false(s.lost);
	gd_target_fini(&t);
}

static void speaks_over_libssh2(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	struct seen s = {0};

	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	assert_true(gd_host_uploaded(s.host));
	assert_string_equal(gd_host_transport_why(s.host), "");
	gd_host_close(s.host);
	gd_target_fini(&t);
	whole_session(w, GD_TRANSPORT_AUTO, "libssh2");
}

static void speaks_over_ssh(void **state)
{
	whole_session(*state, GD_TRANSPORT_SSH, "ssh");
}

static void takes_ecdsa_keys(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client_ecdsa", "host");
	struct seen s = {0};

	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	assert_string_equal(gd_host_transport(s.host), "libssh2");
	gd_host_close(s.host);
	gd_target_fini(&t);
}

static void sends_large_messages(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	char *big = malloc(1000000);

	memset(big, 'x', 999999);
	big[999999] = '\0';
	for (int how = GD_TRANSPORT_AUTO; how <= GD_TRANSPORT_SSH; how++) {
		struct seen s = {0};

		(void)connect_ready(w, &t, (enum gd_host_transport_choice)how, &s);
		ask(w, &s, "echo", big, 10000);
		assert_int_equal(s.call_err.code, GD_OK);
		assert_int_equal(strlen(s.text), sizeof(s.text) - 1);
		gd_host_close(s.host);
	}
	free(big);
	gd_target_fini(&t);
}

static void falls_back_for_rsa_login(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client_rsa", "host");
	struct seen s = {0};

	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	assert_string_equal(gd_host_transport(s.host), "ssh");
	assert_non_null(strstr(gd_host_transport_why(s.host), "RSA"));
	gd_host_close(s.host);
	gd_target_fini(&t);
}

static void goes_through_a_jump_host(void **state)
{
	struct world *w = *state;
	GD_AUTO_FREE char *pub = public_key("host");
	GD_AUTO_FREE char *known = gd_strf("[127.0.0.1]:%d,[localhost]:%d %s\n",
					   w->sshd.port, w->sshd.port, pub);
	GD_AUTO_FREE char *jump = gd_strf("localhost:%d", w->sshd.port);
	GD_AUTO_FREE char *config = gd_strf("UserKnownHostsFile %s\nIdentityFile %s\n"
					    "IdentitiesOnly yes\nIdentityAgent none\n",
					    in_dir("known_hosts"), in_dir("client"));
	char name[] = "box", address[] = "127.0.0.1";
	struct gd_inventory_host inv = {
		.name = name, .host = address, .port = w->sshd.port, .jump = jump};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_target t;
	struct seen s = {0};

	write_file("known_hosts", known);
	write_file("ssh_config_jump", config);
	assert_int_equal(gd_target_init(&t, &inv, in_dir("ssh_config_jump"), &err), 0);
	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	assert_string_equal(gd_host_transport(s.host), "ssh");
	assert_non_null(strstr(gd_host_transport_why(s.host), "jump"));
	gd_host_close(s.host);
	gd_target_fini(&t);
	write_file("known_hosts", "");
}

static void limits_handshakes(void **state)
{
	enum { N = 12 };
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	struct gd_limiter limiter;
	struct seen s[N] = {0};

	gd_limiter_init(&limiter, 3);
	for (int i = 0; i < N; i++) {
		(void)connect_host(w, &t, (struct gd_host_options){.limiter = &limiter},
				   &s[i]);
		assert_true(limiter.n_running <= 3);
	}
	gd_host_close(s[N - 1].host); /* still in the queue */
	for (int i = 0; i < N - 1; i++) {
		await(w, &s[i].ready, &s[i].lost);
		if (s[i].lost)
			fail_msg("%s", s[i].lost_err.text);
	}
	assert_int_equal(limiter.n_running, 0);
	for (int i = 0; i < N - 1; i++)
		gd_host_close(s[i].host);
	gd_target_fini(&t);
}

static void closes_inside_callbacks(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	struct seen a = {.close_on_ready = true}, b = {.close_on_reply = true}, c = {0};

	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &a);
	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &b);
	ask(w, &b, "echo", "x", 5000);
	(void)connect_ready(w, &t, GD_TRANSPORT_SSH, &c);
	gd_host_call(c.host, gd_message_request("silent"), gd_span_s(5), on_reply, &c);
	gd_host_probe_new_connection(c.host, gd_span_s(5), on_probe, &c);
	gd_host_close(c.host);
	assert_int_equal(c.n_answers, 1);
	assert_int_equal(c.call_err.code, GD_E_ABORTED);
	assert_true(c.probed);
	assert_int_equal(c.probe_err.code, GD_E_ABORTED);
	assert_false(c.lost);
	gd_target_fini(&t);
}

/* --- host keys ---------------------------------------------------------------------------- */

static void refuses_another_host_key(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "other");
	struct seen s;

	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	assert_int_equal(s.lost_err.code, GD_E_REFUSED);
	expect_words(&s.lost_err, "not the inventory's host_key");
	expect_words(&s.lost_err, "SHA256:");
	connect_lost(w, &t, (struct gd_host_options){.transport = GD_TRANSPORT_SSH}, &s);
	assert_int_equal(s.lost_err.code, GD_E_REFUSED);
	expect_words(&s.lost_err, "SHA256:");
	gd_target_fini(&t);
}

static void refuses_an_unknown_host_key(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", NULL);
	struct seen s;

	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	assert_int_equal(s.lost_err.code, GD_E_REFUSED);
	expect_words(&s.lost_err, "the host key is not known: it shows ED25519 SHA256:");
	connect_lost(w, &t, (struct gd_host_options){.transport = GD_TRANSPORT_SSH}, &s);
	assert_int_equal(s.lost_err.code, GD_E_REFUSED);
	expect_words(&s.lost_err,
		     "the host key is not known: it shows ssh-ed25519 SHA256:");
	gd_target_fini(&t);
}

static void hash_known_hosts(void)
{
	const char *const argv[] = {"ssh-keygen",          "-q", "-H", "-f",
				    in_dir("known_hosts"), NULL};
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_proc_must(argv, gd_span_s(10), &err), 0);
}

static void believes_known_hosts(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", NULL);
	GD_AUTO_FREE char *pub = public_key("host");
	GD_AUTO_FREE char *other = public_key("other");
	GD_AUTO_FREE char *right = gd_strf("# mine\n[127.0.0.1]:%d %s\n127.0.0.1 %s\n",
					   w->sshd.port, pub, other);
	GD_AUTO_FREE char *wrong = gd_strf("[127.0.0.1]:%d %s\n", w->sshd.port, other);
	GD_AUTO_FREE char *elsewhere = gd_strf("127.0.0.1 %s\n", other);
	GD_AUTO_FREE char *pattern = gd_strf("[127.0.0.*]:%d %s\n", w->sshd.port, pub);
	struct seen s = {0};

	write_file("known_hosts", right);
	(void)connect_ready(w, &t, GD_TRANSPORT_LIBSSH2, &s);
	gd_host_close(s.host);
	hash_known_hosts();
	s = (struct seen){0};
	(void)connect_ready(w, &t, GD_TRANSPORT_LIBSSH2, &s);
	gd_host_close(s.host);
	write_file("known_hosts", wrong);
	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	expect_words(&s.lost_err, "the host key has changed");
	write_file("known_hosts", elsewhere);
	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	expect_words(&s.lost_err, "the host key is not known");
	write_file("known_hosts", pattern);
	s = (struct seen){0};
	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	assert_string_equal(gd_host_transport(s.host), "ssh");
	gd_host_close(s.host);
	write_file("known_hosts", "");
	gd_target_fini(&t);
}

static void falls_back_for_rsa_host_keys(void **state)
{
	struct world *w = *state;
	struct sshd rsa = sshd_start("host_rsa", "", "");
	struct gd_target t = make_target(rsa.port, "client", "host_rsa");
	GD_AUTO_FREE char *pub = public_key("host_rsa");
	GD_AUTO_FREE char *known = gd_strf("[127.0.0.1]:%d %s\n", rsa.port, pub);
	struct seen s = {0};

	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	assert_string_equal(gd_host_transport(s.host), "ssh");
	assert_non_null(strstr(gd_host_transport_why(s.host), "RSA"));
	gd_host_close(s.host);
	gd_target_fini(&t);
	/* Nothing is known: the handshake itself fails for want of an algorithm. */
	t = make_target(rsa.port, "client", NULL);
	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	expect_words(&s.lost_err, "the host key is not known: it shows ssh-rsa SHA256:");
	write_file("known_hosts", known);
	s = (struct seen){0};
	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	gd_host_close(s.host);
	write_file("known_hosts", "");
	gd_target_fini(&t);
	sshd_stop(&rsa);
}

/* --- what must fail well ------------------------------------------------------------------ */

static void reports_a_closed_port(void **state)
{
	struct gd_target t = make_target(free_port(), "client", "host");
	struct seen s;

	connect_lost(*state, &t, (struct gd_host_options){0}, &s);
	assert_int_equal(s.lost_err.code, GD_E_REMOTE);
	expect_words(&s.lost_err, "Connection refused");
	connect_lost(*state, &t, (struct gd_host_options){.transport = GD_TRANSPORT_SSH},
		     &s);
	expect_words(&s.lost_err, "Connection refused");
	gd_target_fini(&t);
}

static void reports_a_refused_login(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "other", "host");
	struct gd_target none = make_target(w->sshd.port, NULL, "host");
	struct gd_target locked = make_target(w->sshd.port, "client_locked", "host");
	struct seen s;

	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	expect_words(&s.lost_err, "took none of these keys");
	expect_words(&s.lost_err, "/other");
	connect_lost(w, &t, (struct gd_host_options){.transport = GD_TRANSPORT_SSH}, &s);
	expect_words(&s.lost_err, "no key was accepted");
	connect_lost(w, &none, (struct gd_host_options){0}, &s);
	expect_words(&s.lost_err, "there is no key to log in with");
	connect_lost(w, &locked, (struct gd_host_options){0}, &s);
	expect_words(&s.lost_err, "is encrypted");
	gd_target_fini(&t);
	gd_target_fini(&none);
	gd_target_fini(&locked);
}

/* A TCP port that accepts and says nothing: the kernel does, from the backlog. */
static void limits_a_silent_login(void **state)
{
	struct world *w = *state;
	const char *const argv[] = {"true", NULL};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	struct seen s;

	(void)kill(w->sshd.pid, SIGSTOP);
	connect_lost(w, &t, (struct gd_host_options){.login_limit = gd_span_ms(200)}, &s);
	(void)kill(w->sshd.pid, SIGCONT);
	assert_int_equal(s.lost_err.code, GD_E_TIMEOUT);
	expect_words(&s.lost_err, "login did not end in time");
	assert_int_equal(gd_proc_must(argv, gd_span_s(5), &err), 0);
	gd_target_fini(&t);
}

/* One session against an sshd with its own settings, expected to fail with these words. */
static void fails_with(struct world *w, const char *env, const char *extra,
		       struct gd_host_options opts, const char *words)
{
	struct sshd d = sshd_start("host", env, extra);
	struct gd_target t = make_target(d.port, "client", "host");
	struct seen s;

	for (int how = GD_TRANSPORT_LIBSSH2; how <= GD_TRANSPORT_SSH; how++) {
		opts.transport = (enum gd_host_transport_choice)how;
		connect_lost(w, &t, opts, &s);
		expect_words(&s.lost_err, words);
	}
	gd_target_fini(&t);
	sshd_stop(&d);
}

static void limits_a_slow_shell(void **state)
{
	struct gd_host_options opts = {.start_limit = gd_span_ms(300)};

	fails_with(*state, "", "ForceCommand sleep 30", opts, "startup file");
	opts.start_limit = gd_span_ms(1500);
	fails_with(*state, "GD_TEST_AGENT=mute", "", opts, "did not greet in time");
}

static void reports_an_early_end(void **state)
{
	struct gd_host_options opts = {0};

	fails_with(
		*state, "", "ForceCommand echo no shell for you; exit 3", opts,
		"ended with status 3 before the agent was started; it printed: no shell");
	fails_with(*state, "GD_TEST_AGENT=dies", "", opts,
		   "status 9 before it greeted: echo-agent: can't begin");
	fails_with(*state, "GD_TEST_AGENT=version", "", opts, "protocol version 2");
	fails_with(*state, "GD_TEST_AGENT=noise", "", opts, "no agent greeting");
	fails_with(*state, "", "ForceCommand yes", opts, "printed more than");
}

static void bears_a_noisy_login(void **state)
{
	struct world *w = *state;
	struct sshd d = sshd_start("host", "",
				   "ForceCommand seq 1000; echo no newline | tr -d n; "
				   "echo oops >&2; sh -c \"$SSH_ORIGINAL_COMMAND\"");
	struct gd_target t = make_target(d.port, "client", "host");

	for (int how = GD_TRANSPORT_LIBSSH2; how <= GD_TRANSPORT_SSH; how++) {
		struct seen s = {0};

		(void)connect_ready(w, &t, (enum gd_host_transport_choice)how, &s);
		ask(w, &s, "echo", "still here", 5000);
		assert_string_equal(s.text, "still here");
		gd_host_close(s.host);
	}
	gd_target_fini(&t);
	sshd_stop(&d);
}

static void agent_breaks(struct world *w, enum gd_host_transport_choice how,
			 const char *op, const char *words)
{
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	struct seen s = {0};

	(void)connect_ready(w, &t, how, &s);
	gd_host_call(s.host, gd_message_request(op), gd_span_s(10), on_reply, &s);
	await(w, &s.lost, NULL);
	assert_int_equal(s.n_answers, 1);
	assert_int_equal(s.call_err.code, GD_E_REMOTE);
	expect_words(&s.call_err, words);
	expect_words(&s.lost_err, words);
	ask(w, &s, "echo", "", 1000);
	assert_int_equal(s.call_err.code, GD_E_REMOTE);
	gd_host_close(s.host);
	gd_target_fini(&t);
}

static void survives_a_broken_agent(void **state)
{
	struct world *w = *state;

	for (int how = GD_TRANSPORT_LIBSSH2; how <= GD_TRANSPORT_SSH; how++) {
		enum gd_host_transport_choice choice = (enum gd_host_transport_choice)how;

		agent_breaks(w, choice, "die",
			     "ended with status 7: echo-agent: dying as ?[31m");
		agent_breaks(w, choice, "garbage", "syntax error");
		agent_breaks(w, choice, "huge", "frame of 2147483647 bytes");
		agent_breaks(w, choice, "bad-id", "never made");
		agent_breaks(w, choice, "request", "sends requests");
	}
}

static void limits_calls(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	struct seen s = {0}, early = {0};

	(void)connect_host(w, &t, (struct gd_host_options){0}, &early);
	ask(w, &early, "echo", "", 1000);
	assert_int_equal(early.call_err.code, GD_E_REMOTE);
	expect_words(&early.call_err, "no session");
	gd_host_close(early.host);
	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	ask(w, &s, "silent", "", 50);
	assert_int_equal(s.call_err.code, GD_E_TIMEOUT);
	ask(w, &s, "echo", "after", 5000);
	assert_string_equal(s.text, "after");
	s.n_answers = 0;
	for (int i = 0; i < GD_HOST_MAX_CALLS + 1; i++)
		gd_host_call(s.host, gd_message_request("silent"), gd_span_ms(200),
			     on_reply, &s);
	while (s.n_answers < GD_HOST_MAX_CALLS + 1) {
		s.answered = false;
		await(w, &s.answered, NULL);
	}
	gd_host_close(s.host);
	gd_target_fini(&t);
}

static void notices_a_killed_session(void **state)
{
	struct world *w = *state;
	struct sshd d = sshd_start("host", "",
				   "ForceCommand sh -c \"$SSH_ORIGINAL_COMMAND\"; "
				   "kill -9 $PPID");
	struct gd_target t = make_target(d.port, "client", "host");

	for (int how = GD_TRANSPORT_LIBSSH2; how <= GD_TRANSPORT_SSH; how++) {
		struct seen s = {0};

		(void)connect_ready(w, &t, (enum gd_host_transport_choice)how, &s);
		gd_host_call(s.host, gd_message_request("die"), gd_span_s(10), on_reply,
			     &s);
		await(w, &s.lost, NULL);
		assert_int_equal(s.n_answers, 1);
		assert_int_equal(s.lost_err.code, GD_E_REMOTE);
		gd_host_close(s.host);
	}
	gd_target_fini(&t);
	sshd_stop(&d);
}

static void probe_fails_in_time(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "host");

	for (int how = GD_TRANSPORT_LIBSSH2; how <= GD_TRANSPORT_SSH; how++) {
		struct seen s = {0};

		(void)connect_ready(w, &t, (enum gd_host_transport_choice)how, &s);
		(void)kill(w->sshd.pid, SIGSTOP);
		gd_host_probe_new_connection(s.host, gd_span_ms(200), on_probe, &s);
		await(w, &s.probed, NULL);
		(void)kill(w->sshd.pid, SIGCONT);
		assert_int_equal(s.probe_err.code, GD_E_TIMEOUT);
		ask(w, &s, "echo", "the session goes on", 5000);
		assert_string_equal(s.text, "the session goes on");
		gd_host_close(s.host);
	}
	gd_target_fini(&t);
}

/* --- placing the agent -------------------------------------------------------------------- */

static void script(const char *name, const char *text)
{
	GD_AUTO_FREE char *path = gd_strf("bin/%s", name);

	write_file(path, text);
	assert_int_equal(chmod(in_dir(path), 0755), 0);
}

static void unscript(const char *name)
{
	GD_AUTO_FREE char *path = gd_strf("bin/%s", name);

	assert_int_equal(unlink(in_dir(path)), 0);
}

static void uses_sudo(void **state)
{
	struct world *w = *state;
	GD_AUTO_FREE char *env = gd_strf("PATH=%s:/usr/bin:/bin", in_dir("bin"));
	struct sshd d = sshd_start("host", env, "");
	struct gd_target t = make_target(d.port, "client", "host");
	struct seen s = {0};

	script("sudo", "#!/bin/sh\n[ \"$1\" = -n ] || exit 1\nshift\n"
		       "GD_FAKE_SUDO=1; export GD_FAKE_SUDO\nexec \"$@\"\n");
	t.sudo = GD_SUDO_ALWAYS;
	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	ask(w, &s, "args", "", 5000);
	assert_string_equal(s.sudo, "yes");
	assert_string_equal(s.connection, gd_host_ssh_connection(s.host));
	gd_host_close(s.host);
	t.sudo = GD_SUDO_NEVER;
	s = (struct seen){0};
	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	ask(w, &s, "args", "", 5000);
	assert_string_equal(s.sudo, "no");
	gd_host_close(s.host);
	script("sudo", "#!/bin/sh\necho sudo: a password is required >&2\nexit 1\n");
	t.sudo = GD_SUDO_ALWAYS;
	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	assert_int_equal(s.lost_err.code, GD_E_REFUSED);
	expect_words(&s.lost_err, "a password is required");
	unscript("sudo");
	script("uname", "#!/bin/sh\n[ $1 = -m ] && echo riscv64 || echo Linux\n");
	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	expect_words(&s.lost_err, "this is Linux.riscv64");
	unscript("uname");
	script("df", "#!/bin/sh\necho x\necho /dev/x 100 99 1 99% /\n");
	t.sudo = GD_SUDO_NEVER;
	{
		struct gd_error err = GD_ERROR_INIT;

		assert_int_equal(gd_remove_tree(in_dir("run"), &err), 0);
		assert_int_equal(mkdir(in_dir("run"), 0700), 0);
	}
	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	expect_words(&s.lost_err, "no place for the agent");
	unscript("df");
	gd_target_fini(&t);
	sshd_stop(&d);
}

/* The directory that the agent of this bundle lies in, below DIR/run. */
static const char *agent_dir(const struct world *w)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "run/gameday-agent-%.32s", w->bundle.hash);
	return in_dir(name);
}

static void repairs_a_damaged_place(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	GD_AUTO_FREE char *dir = strdup(agent_dir(w));
	GD_AUTO_FREE char *libc = gd_strf("%s/libc.so.6", dir);
	struct seen s = {0};

	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	gd_host_close(s.host);
	assert_int_equal(truncate(libc, 1000), 0);
	s = (struct seen){0};
	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	assert_true(gd_host_uploaded(s.host));
	gd_host_close(s.host);
	gd_target_fini(&t);
}

static void refuses_a_damaged_upload(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	char saved = w->bundle.hash[0];
	struct seen s;

	/* As if a bit had fallen over on the way. */
	w->bundle.hash[0] = saved == 'a' ? 'b' : 'a';
	connect_lost(w, &t, (struct gd_host_options){0}, &s);
	expect_words(&s.lost_err, "arrived damaged");
	assert_int_equal(access(agent_dir(w), F_OK), -1);
	w->bundle.hash[0] = saved;
	gd_target_fini(&t);
}

static void remove_elsewhere(const struct world *w)
{
	static const char *const places[] = {"/run", "/var/tmp", "/tmp"};

	for (size_t i = 0; i < GD_N_ELEMS(places); i++) {
		GD_AUTO_FREE char *path =
			gd_strf("%s/gameday-agent-%.32s", places[i], w->bundle.hash);
		struct gd_error err = GD_ERROR_INIT;

		assert_int_equal(gd_remove_tree(path, &err), 0);
	}
}

/* Someone made a directory of the expected name, and left the door open. */
static void distrusts_a_foreign_place(void **state)
{
	struct world *w = *state;
	struct gd_target t = make_target(w->sshd.port, "client", "host");
	GD_AUTO_FREE char *dir = strdup(agent_dir(w));
	struct gd_error err = GD_ERROR_INIT;
	struct seen s = {0};

	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	gd_host_close(s.host);
	assert_int_equal(chmod(dir, 0777), 0);
	s = (struct seen){0};
	(void)connect_ready(w, &t, GD_TRANSPORT_AUTO, &s);
	ask(w, &s, "args", "", 5000);
	assert_null(strstr(s.self, dir));
	gd_host_close(s.host);
	assert_int_equal(gd_remove_tree(dir, &err), 0);
	remove_elsewhere(w);
	gd_target_fini(&t);
}

static void logs_in_by_agent(void **state)
{
	struct world *w = *state;
	const char *const start[] = {"ssh-agent", "-D", "-a", in_dir("agent.sock"), NULL};
	const char *const add[] = {"ssh-add", "-q", in_dir("client"), NULL};
	struct gd_target t;
	struct gd_error err = GD_ERROR_INIT;
	struct seen s = {0};
	int in, out, status;
	pid_t pid;

	(void)unlink(in_dir("agent.sock"));
	assert_int_equal(gd_proc_spawn(start, -1, &pid, &in, &out, &err), 0);
	for (int i = 0; i < 500 && access(in_dir("agent.sock"), F_OK) < 0; i++)
		gd_sleep(gd_span_ms(10));
	assert_int_equal(setenv("SSH_AUTH_SOCK", in_dir("agent.sock"), 1), 0);
	assert_int_equal(gd_proc_must(add, gd_span_s(10), &err), 0);
	t = make_target(w->sshd.port, NULL, "host");
	t.agent_disabled = false;
	(void)connect_ready(w, &t, GD_TRANSPORT_LIBSSH2, &s);
	gd_host_close(s.host);
	assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
	gd_target_fini(&t);
	(void)close(in);
	(void)close(out);
	(void)kill(pid, SIGTERM);
	assert_int_equal(gd_proc_wait(pid, gd_span_s(5), &status, &err), 0);
}

/* --- frame of the test ------------------------------------------------------------------- */

static int setup(void **state)
{
	static struct world w;
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *config = gd_strf(
		"UserKnownHostsFile %s\nGlobalKnownHostsFile /dev/null\nIdentityFile none\n"
		"IdentityAgent none\n",
		in_dir("known_hosts"));

	write_file("ssh_config", config);
	write_file("known_hosts", "");
	if (gd_loop_new(&w.loop, &err) < 0 ||
	    gd_bundle_load_file(GD_TEST_BUNDLE, &w.bundle, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	w.sshd = sshd_start("host", "", "");
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	if (!w)
		return -1;
	sshd_stop(&w->sshd);
	gd_bundle_fini(&w->bundle);
	gd_loop_free(w->loop);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_over_libssh2),
		cmocka_unit_test(speaks_over_ssh),
		cmocka_unit_test(takes_ecdsa_keys),
		cmocka_unit_test(sends_large_messages),
		cmocka_unit_test(falls_back_for_rsa_login),
		cmocka_unit_test(goes_through_a_jump_host),
		cmocka_unit_test(limits_handshakes),
		cmocka_unit_test(closes_inside_callbacks),
		cmocka_unit_test(refuses_another_host_key),
		cmocka_unit_test(refuses_an_unknown_host_key),
		cmocka_unit_test(believes_known_hosts),
		cmocka_unit_test(falls_back_for_rsa_host_keys),
		cmocka_unit_test(reports_a_closed_port),
		cmocka_unit_test(reports_a_refused_login),
		cmocka_unit_test(limits_a_silent_login),
		cmocka_unit_test(limits_a_slow_shell),
		cmocka_unit_test(reports_an_early_end),
		cmocka_unit_test(bears_a_noisy_login),
		cmocka_unit_test(survives_a_broken_agent),
		cmocka_unit_test(limits_calls),
		cmocka_unit_test(notices_a_killed_session),
		cmocka_unit_test(probe_fails_in_time),
		cmocka_unit_test(uses_sudo),
		cmocka_unit_test(repairs_a_damaged_place),
		cmocka_unit_test(refuses_a_damaged_upload),
		cmocka_unit_test(distrusts_a_foreign_place),
		cmocka_unit_test(logs_in_by_agent),
	};
	int failed;

	if (!sshd_setup()) {
		(void)printf("skipped: no %s\n", "/usr/sbin/sshd");
		return 77;
	}
	failed = cmocka_run_group_tests(tests, setup, teardown);
	sshd_teardown();
	return failed;
}
