/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/remote/knownhosts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gameday/base/file.h"
#include "gameday/remote/base64.h"

enum {
	MAX_FILE = 16 << 20,
	DIGEST_SIZE = 32,
	NAME_DIGEST_SIZE = 20, /* SHA-1, as its salt */
	FINGERPRINT_SIZE = 64,
	MAX_NAME = 1100,
};

struct gd_known_hosts {
	const struct gd_target *target; /* borrowed */
	LIBSSH2_KNOWNHOSTS *store;
	bool has_patterns, has_authorities, has_revocations;
};

/* The kinds of host key that libssh2 1.10 verifies, best first, but for RSA: it knows
 * ssh-rsa with SHA-1 only, which servers no longer offer. */
static const struct kind {
	const char *method;
	const char *label;
	int mask, type;
} kinds[] = {
	{"ssh-ed25519", "ED25519", LIBSSH2_KNOWNHOST_KEY_ED25519,
	 LIBSSH2_HOSTKEY_TYPE_ED25519},
	{"ecdsa-sha2-nistp256", "ECDSA", LIBSSH2_KNOWNHOST_KEY_ECDSA_256,
	 LIBSSH2_HOSTKEY_TYPE_ECDSA_256},
	{"ecdsa-sha2-nistp384", "ECDSA", LIBSSH2_KNOWNHOST_KEY_ECDSA_384,
	 LIBSSH2_HOSTKEY_TYPE_ECDSA_384},
	{"ecdsa-sha2-nistp521", "ECDSA", LIBSSH2_KNOWNHOST_KEY_ECDSA_521,
	 LIBSSH2_HOSTKEY_TYPE_ECDSA_521},
};

void gd_known_hosts_free(struct gd_known_hosts *k)
{
	if (!k)
		return;
	if (k->store)
		libssh2_knownhost_free(k->store);
	free(k);
}

/* "[host]:2222" as known_hosts writes it; the plain name for port 22. */
static void written_as(const struct gd_target *t, char *ret, size_t size)
{
	if (t->port == 22)
		(void)snprintf(ret, size, "%s", t->known_as);
	else
		(void)snprintf(ret, size, "[%s]:%d", t->known_as, t->port);
}

static int check_name(const struct gd_known_hosts *k, const char *name, const char *key,
		      size_t size, int mask)
{
	/* -1: the name as it is; libssh2's own handling of ports mixes two hosts' keys. */
	return libssh2_knownhost_checkp(
		k->store, name, -1, key, size,
		LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_RAW | mask, NULL);
}

/*
 * As OpenSSH: the name with its port decides; only when that is not found, the right key
 * under the plain name will do, and a wrong one there means nothing.
 */
static int check_key(const struct gd_known_hosts *k, const char *key, size_t size,
		     int mask)
{
	const struct gd_target *t = k->target;
	char name[MAX_NAME];
	int outcome;

	written_as(t, name, sizeof(name));
	outcome = check_name(k, name, key, size, mask);
	if (outcome == LIBSSH2_KNOWNHOST_CHECK_NOTFOUND &&
	    check_name(k, t->known_as, key, size, mask) == LIBSSH2_KNOWNHOST_CHECK_MATCH)
		return LIBSSH2_KNOWNHOST_CHECK_MATCH;
	return outcome;
}

/* libssh2 reports a mismatch only where a key of that kind is on file. */
static bool is_on_file(const struct gd_known_hosts *k, int mask)
{
	return check_key(k, "no such key", 11, mask) == LIBSSH2_KNOWNHOST_CHECK_MISMATCH;
}

static bool is_digest(const char *b64, size_t len)
{
	GD_AUTO_FREE unsigned char *raw = NULL;
	struct gd_error err;
	size_t size;

	return gd_base64_decode(b64, len, &raw, &size, &err) == 0 &&
	       size == NAME_DIGEST_SIZE;
}

/* "|1|SALT|DIGEST": libssh2 1.10 loses memory for each line whose digest is none. */
static bool is_hashed_name(const char *line)
{
	const char *salt = line + strlen("|1|"), *digest;

	if (strncmp(line, "|1|", strlen("|1|")) != 0)
		return false;
	digest = salt + strcspn(salt, "| \t");
	return *digest == '|' && is_digest(salt, (size_t)(digest - salt)) &&
	       is_digest(digest + 1, strcspn(digest + 1, " \t"));
}

/* A line that libssh2 can't read is skipped, as OpenSSH does with bad lines. */
static void add_line(struct gd_known_hosts *k, const char *line)
{
	size_t name_len = strcspn(line, " \t");

	if (*line == '#' || *line == '\0')
		return;
	if (*line == '@') {
		k->has_authorities |= strncmp(line, "@cert-authority", 15) == 0;
		k->has_revocations |= strncmp(line, "@revoked", 8) == 0;
		return;
	}
	if (*line == '|' && !is_hashed_name(line))
		return;
	if (*line != '|')
		for (size_t i = 0; i < name_len; i++)
			k->has_patterns |=
				line[i] == '*' || line[i] == '?' || line[i] == '!';
	(void)libssh2_knownhost_readline(k->store, line, strlen(line),
					 LIBSSH2_KNOWNHOST_FILE_OPENSSH);
}

static int add_file(struct gd_known_hosts *k, const char *path, struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL;
	char *save = NULL;
	struct stat st;
	size_t size;

	/* Missing files and /dev/null are ways to say that there is none. */
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (gd_file_read(path, MAX_FILE, &text, &size, err) < 0)
		return gd_wrap(err, "known hosts: ");
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		add_line(k, line + strspn(line, " \t"));
	return 0;
}

static int add_given(struct gd_known_hosts *k, struct gd_error *err)
{
	const struct gd_target *t = k->target;
	char name[MAX_NAME];
	GD_AUTO_FREE char *line = NULL;

	written_as(t, name, sizeof(name));
	line = gd_strf("%s %s", name, t->host_key);

	if (!line)
		return gd_raise_nomem(err);
	if (libssh2_knownhost_readline(k->store, line, strlen(line),
				       LIBSSH2_KNOWNHOST_FILE_OPENSSH) < 0)
		return gd_raise(err, GD_E_INPUT, "host_key can't be used: %s",
				t->host_key);
	return 0;
}

int gd_known_hosts_load(LIBSSH2_SESSION *session, const struct gd_target *target,
			struct gd_known_hosts **ret, struct gd_error *err)
{
	GD_AUTO(gd_known_hosts) struct gd_known_hosts *k = calloc(1, sizeof(*k));

	if (!k)
		return gd_raise_nomem(err);
	k->target = target;
	k->store = libssh2_knownhost_init(session);
	if (!k->store)
		return gd_raise_nomem(err);
	if (target->host_key && add_given(k, err) < 0)
		return -1;
	for (size_t i = 0; !target->host_key && i < target->known_hosts.n; i++)
		if (add_file(k, target->known_hosts.items[i], err) < 0)
			return -1;
	*ret = gd_steal_ptr(&k);
	return 0;
}

/* Whether word is an element of the comma list; list NULL has all. */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	if (!list)
		return true;
	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
		if (strncmp(p, word, len) == 0 && (p[len] == ',' || p[len] == '\0'))
			return true;
	return false;
}

static void append_kinds(struct gd_known_hosts *k, const char *allowed, bool known,
			 char *ret)
{
	for (size_t i = 0; i < GD_N_ELEMS(kinds); i++) {
		size_t len = strlen(ret);

		if (is_on_file(k, kinds[i].mask) == known &&
		    list_has(allowed, kinds[i].method))
			(void)snprintf(ret + len, GD_KNOWN_LIST - len, "%s%s",
				       len ? "," : "", kinds[i].method);
	}
}

int gd_known_hosts_methods(struct gd_known_hosts *k, const char *allowed,
			   char ret[GD_KNOWN_LIST], const char **ret_why)
{
	char list[GD_KNOWN_LIST] = "";

	if (k->has_revocations) {
		*ret_why = "known_hosts has @revoked lines";
		return GD_KNOWN_NEEDS_SSH;
	}
	append_kinds(k, allowed, true, list);
	if (!list[0] && is_on_file(k, LIBSSH2_KNOWNHOST_KEY_SSHRSA)) {
		*ret_why = "only an RSA host key is known, and libssh2 has no rsa-sha2";
		return GD_KNOWN_NEEDS_SSH;
	}
	append_kinds(k, allowed, false, list);
	if (!list[0]) {
		*ret_why = "HostKeyAlgorithms allows none that libssh2 has";
		return GD_KNOWN_NEEDS_SSH;
	}
	memcpy(ret, list, sizeof(list));
	return 0;
}

static const struct kind *kind_of(int type)
{
	for (size_t i = 0; i < GD_N_ELEMS(kinds); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

static void fingerprint(LIBSSH2_SESSION *session, char ret[FINGERPRINT_SIZE])
{
	const char *hash = libssh2_hostkey_hash(session, LIBSSH2_HOSTKEY_HASH_SHA256);
	GD_AUTO_FREE char *b64 =
		hash ? gd_base64_encode((const unsigned char *)hash, DIGEST_SIZE) : NULL;

	(void)snprintf(ret, FINGERPRINT_SIZE, "SHA256:%s", b64 ? b64 : "?");
}

static int raise_unlike(const struct gd_known_hosts *k, const char *label,
			const char *print, struct gd_error *err)
{
	const struct gd_target *t = k->target;
	char name[MAX_NAME];

	if (t->host_key)
		return gd_raise(
			err, GD_E_REFUSED,
			"the host key is not the inventory's host_key: it shows %s %s. "
			"Nothing was sent. If the host was reinstalled, put its new key "
			"into the inventory",
			label, print);
	written_as(t, name, sizeof(name));
	return gd_raise(
		err, GD_E_REFUSED,
		"the host key has changed: it shows %s %s, and known_hosts has another "
		"one. Nothing was sent. If the host was reinstalled, check the "
		"fingerprint there, then: ssh-keygen -R '%s'",
		label, print, name);
}

static int raise_unknown(const struct gd_known_hosts *k, const char *label,
			 const char *print, struct gd_error *err)
{
	const struct gd_target *t = k->target;

	if (t->host_key)
		return raise_unlike(k, label, print, err);
	return gd_raise(
		err, GD_E_REFUSED,
		"the host key is not known: it shows %s %s. Check the fingerprint on "
		"the host, then log in once with `ssh -p %d %s`, or put the key into "
		"the inventory as host_key",
		label, print, t->port, t->host);
}

int gd_known_hosts_check(struct gd_known_hosts *k, LIBSSH2_SESSION *session,
			 const char **ret_why, struct gd_error *err)
{
	size_t size = 0;
	int type = LIBSSH2_HOSTKEY_TYPE_UNKNOWN;
	const char *key = libssh2_session_hostkey(session, &size, &type);
	const struct kind *kind = kind_of(type);
	char print[FINGERPRINT_SIZE];

	if (!key || !kind) {
		*ret_why = "the host showed a kind of key that libssh2 can't verify";
		return GD_KNOWN_NEEDS_SSH;
	}
	fingerprint(session, print);
	switch (check_key(k, key, size, kind->mask)) {
	case LIBSSH2_KNOWNHOST_CHECK_MATCH:
		return 0;
	case LIBSSH2_KNOWNHOST_CHECK_MISMATCH:
		return raise_unlike(k, kind->label, print, err);
	default:
		break;
	}
	if (k->has_patterns || k->has_authorities) {
		*ret_why = "known_hosts has patterns or certificate authorities";
		return GD_KNOWN_NEEDS_SSH;
	}
	if (is_on_file(k, LIBSSH2_KNOWNHOST_KEY_SSHRSA)) {
		*ret_why = "only an RSA host key is known, and libssh2 has no rsa-sha2";
		return GD_KNOWN_NEEDS_SSH;
	}
	return raise_unknown(k, kind->label, print, err);
}
