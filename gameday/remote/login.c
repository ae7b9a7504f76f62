/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/remote/login.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/strbuf.h"
#include "gameday/remote/keyfile.h"

/* sshd closes after MaxAuthTries, 6 by default. */
enum { MAX_TRIES = 5, MAX_KEYS = 64 };

/* One thing to try: a key of the agent, or a file. */
struct credential {
	struct libssh2_agent_publickey *identity; /* borrowed from the agent */
	const char *path;                         /* borrowed from the target */
};

struct gd_login {
	LIBSSH2_SESSION *session;       /* borrowed */
	const struct gd_target *target; /* borrowed */
	LIBSSH2_AGENT *agent;
	bool listed; /* the server has said which methods it takes */
	struct credential keys[MAX_KEYS];
	size_t n_keys, at, n_tried;
	struct gd_strbuf tried; /* for the error: "agent: a@b, /root/.ssh/id_x" */
	char encrypted[256];    /* a file that nobody could decrypt */
	char why_ssh[160];      /* the first reason to let ssh try */
};

void gd_login_free(struct gd_login *l)
{
	if (!l)
		return;
	if (l->agent) {
		(void)libssh2_agent_disconnect(l->agent);
		libssh2_agent_free(l->agent);
	}
	gd_strbuf_fini(&l->tried);
	free(l);
}

const char *gd_login_why(const struct gd_login *l)
{
	return l->why_ssh;
}

static void leave_to_ssh(struct gd_login *l, const char *why)
{
	if (!l->why_ssh[0])
		(void)snprintf(l->why_ssh, sizeof(l->why_ssh), "%s", why);
}

static void add(struct gd_login *l, struct credential c)
{
	if (l->n_keys < MAX_KEYS)
		l->keys[l->n_keys++] = c;
}

/* True when libssh2 can sign with a key of this kind. */
static bool can_use(struct gd_login *l, enum gd_key_kind kind)
{
	if (kind == GD_KEY_RSA)
		leave_to_ssh(l, "the login key is RSA, and libssh2 has no rsa-sha2");
	else if (kind == GD_KEY_OTHER)
		leave_to_ssh(l, "a login key is of a kind that libssh2 does not have");
	return kind != GD_KEY_RSA && kind != GD_KEY_OTHER;
}

static void open_agent(struct gd_login *l)
{
	const struct gd_target *t = l->target;

	if (t->agent_disabled || (!t->agent_path && !getenv("SSH_AUTH_SOCK")))
		return;
	l->agent = libssh2_agent_init(l->session);
	if (!l->agent)
		return;
	if (t->agent_path)
		libssh2_agent_set_identity_path(l->agent, t->agent_path);
	/* An agent that is not there is as good as none: files are tried next. */
	if (libssh2_agent_connect(l->agent) == 0 &&
	    libssh2_agent_list_identities(l->agent) == 0)
		return;
	libssh2_agent_free(l->agent);
	l->agent = NULL;
}

/* Adds the agent's key with this public half, or all of them for blob NULL. */
static bool add_agent_keys(struct gd_login *l, const unsigned char *blob, size_t size)
{
	struct libssh2_agent_publickey *id = NULL;
	bool found = false;

	while (l->agent && libssh2_agent_get_identity(l->agent, &id, id) == 0) {
		if (blob && (id->blob_len != size || memcmp(id->blob, blob, size) != 0))
			continue;
		found = true;
		if (can_use(l, gd_key_kind_of(id->blob, id->blob_len)))
			add(l, (struct credential){.identity = id});
	}
	return found;
}

/* A file, or the agent's copy of it when only that can be used. */
static int add_file(struct gd_login *l, const char *path, struct gd_error *err)
{
	__attribute__((cleanup(gd_keyfile_fini))) struct gd_keyfile k = {0};

	if (gd_keyfile_read(path, &k, err) < 0)
		return -1;
	if (k.has_certificate)
		leave_to_ssh(l, "a certificate lies beside the login key");
	if (k.blob && add_agent_keys(l, k.blob, k.blob_size))
		return 0;
	if (k.encrypted)
		(void)snprintf(l->encrypted, sizeof(l->encrypted), "%s", path);
	else if (can_use(l, k.kind))
		add(l, (struct credential){.path = path});
	return 0;
}

static int gather(struct gd_login *l, struct gd_error *err)
{
	const struct gd_target *t = l->target;

	open_agent(l);
	if (t->key)
		return add_file(l, t->key, err);
	if (!t->identities_only)
		(void)add_agent_keys(l, NULL, 0);
	for (size_t i = 0; i < t->identities.n; i++) {
		struct gd_error ignored = GD_ERROR_INIT;

		/* OpenSSH's defaults name files that need not exist; it skips bad ones, too. */
		if (access(t->identities.items[i], R_OK) == 0 &&
		    add_file(l, t->identities.items[i], &ignored) < 0)
			gd_strbuf_addf(&l->tried, "%s(%s)", l->tried.len ? ", " : "",
				       ignored.text);
	}
	return 0;
}

int gd_login_new(LIBSSH2_SESSION *session, const struct gd_target *target,
		 struct gd_login **ret, struct gd_error *err)
{
	struct gd_login *l = calloc(1, sizeof(*l));

	if (!l)
		return gd_raise_nomem(err);
	l->session = session;
	l->target = target;
	if (gather(l, err) < 0) {
		gd_login_free(l);
		return -1;
	}
	*ret = l;
	return 0;
}

static enum gd_login_outcome broken(struct gd_login *l, struct gd_error *err)
{
	char *text = NULL;

	(void)libssh2_session_last_error(l->session, &text, NULL, 0);
	(void)gd_raise(err, GD_E_REMOTE, "login as %s: %s%s", l->target->user,
		       text ? text : "failed",
		       l->n_tried > 1 ? " (too many keys? name one with `key:`)" : "");
	return GD_LOGIN_FAILED;
}

/* Asks which methods there are; by the way finds a server that wants no key at all. */
static enum gd_login_outcome list_methods(struct gd_login *l, struct gd_error *err)
{
	const char *user = l->target->user;
	const char *list =
		libssh2_userauth_list(l->session, user, (unsigned)strlen(user));

	if (!list) {
		if (libssh2_userauth_authenticated(l->session))
			return GD_LOGIN_DONE;
		if (libssh2_session_last_errno(l->session) == LIBSSH2_ERROR_EAGAIN)
			return GD_LOGIN_WAIT;
		return broken(l, err);
	}
	l->listed = true;
	if (strstr(list, "publickey"))
		return GD_LOGIN_WAIT;
	(void)gd_raise(err, GD_E_REMOTE,
		       "login as %s: the host takes \"%.100s\" and no public "
		       "key, and gameday asks for no password",
		       user, list);
	return GD_LOGIN_FAILED;
}

static void note_try(struct gd_login *l, const struct credential *c)
{
	char comment[64];

	if (c->path) {
		gd_strbuf_addf(&l->tried, "%s%s", l->tried.len ? ", " : "", c->path);
		return;
	}
	(void)snprintf(comment, sizeof(comment), "%s",
		       c->identity->comment ? c->identity->comment : "");
	gd_strbuf_addf(&l->tried, "%sssh-agent's \"%s\"", l->tried.len ? ", " : "",
		       comment);
}

static int try_key(struct gd_login *l, const struct credential *c)
{
	const char *user = l->target->user;

	if (c->identity)
		return libssh2_agent_userauth(l->agent, user, c->identity);
	return libssh2_userauth_publickey_fromfile_ex(
		l->session, user, (unsigned)strlen(user), NULL, c->path, NULL);
}

static enum gd_login_outcome none_left(struct gd_login *l, struct gd_error *err)
{
	const struct gd_target *t = l->target;

	if (l->why_ssh[0])
		return GD_LOGIN_NEEDS_SSH;
	if (l->encrypted[0]) {
		(void)gd_raise(
			err, GD_E_REMOTE,
			"login as %s: the key %s is encrypted and "
			"ssh-agent does not hold it: ssh-add it, or name another key",
			t->user, l->encrypted);
		return GD_LOGIN_FAILED;
	}
	if (l->tried.len == 0)
		(void)gd_raise(err, GD_E_REMOTE,
			       "login as %s: there is no key to log in with: "
			       "neither `key:` in the inventory, nor ssh-agent, nor an "
			       "identity file",
			       t->user);
	else
		(void)gd_raise(
			err, GD_E_REMOTE,
			"login as %s: the host took none of these "
			"keys: %s. Add one to the account's authorized_keys, or name "
			"another with `key:`",
			t->user, gd_strbuf_str(&l->tried));
	return GD_LOGIN_FAILED;
}

enum gd_login_outcome gd_login_step(struct gd_login *l, struct gd_error *err)
{
	if (!l->listed) {
		enum gd_login_outcome outcome = list_methods(l, err);

		if (!l->listed || outcome == GD_LOGIN_FAILED)
			return outcome;
	}
	while (l->at < l->n_keys && l->n_tried < MAX_TRIES) {
		const struct credential *c = &l->keys[l->at];
		int rc = try_key(l, c);

		if (rc == 0)
			return GD_LOGIN_DONE;
		if (rc == LIBSSH2_ERROR_EAGAIN)
			return GD_LOGIN_WAIT;
		note_try(l, c);
		l->at++;
		l->n_tried++;
		if (rc != LIBSSH2_ERROR_AUTHENTICATION_FAILED &&
		    rc != LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED &&
		    rc != LIBSSH2_ERROR_FILE && rc != LIBSSH2_ERROR_METHOD_NOT_SUPPORTED)
			return broken(l, err);
	}
	return none_left(l, err);
}
