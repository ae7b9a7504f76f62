/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ssh -G` prints one "keyword value" per line, with Host and Match blocks applied. One
 * table says which of them we take over, and which are reasons to leave the connection to
 * ssh: a keyword that libssh2 has nothing for is never silently ignored when it decides
 * where the connection goes or whom it trusts.
 */
#include "gameday/remote/target.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/proc.h"
#include "gameday/remote/base64.h"

enum { DEFAULT_PORT = 22, MAX_WORD = 1024, CONFIG_LIMIT_S = 10 };

static void words_fini(struct gd_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i]);
	w->n = 0;
}

void gd_target_fini(struct gd_target *t)
{
	char **owned[] = {&t->name,       &t->host,
			  &t->hostname,   &t->known_as,
			  &t->user,       &t->key,
			  &t->host_key,   &t->jump,
			  &t->ssh_config, &t->agent_path,
			  &t->ciphers,    &t->macs,
			  &t->kex,        &t->host_key_algorithms};

	for (size_t i = 0; i < GD_N_ELEMS(owned); i++) {
		free(*owned[i]);
		*owned[i] = NULL;
	}
	words_fini(&t->identities);
	words_fini(&t->known_hosts);
}

static int set(char **at, const char *value, struct gd_error *err)
{
	char *copy = strdup(value);

	if (!copy)
		return gd_raise_nomem(err);
	free(*at);
	*at = copy;
	return 0;
}

static void need_ssh(struct gd_target *t, const char *why)
{
	if (!t->why_ssh[0])
		(void)snprintf(t->why_ssh, sizeof(t->why_ssh), "%s", why);
}

static const char *home(void)
{
	/* As OpenSSH does: the account's home, whatever $HOME says. */
	const struct passwd *pw = getpwuid(getuid());

	return pw ? pw->pw_dir : "/";
}

static char *expand_home(const char *path)
{
	if (strncmp(path, "~/", 2) == 0)
		return gd_path_join(home(), path + 2);
	return strdup(path);
}

static int add_path(struct gd_target *t, struct gd_words *w, const char *path,
		    struct gd_error *err)
{
	if (strcmp(path, "none") == 0)
		return 0;
	if (strchr(path, '%') || strchr(path, '$')) {
		need_ssh(t, "the OpenSSH configuration has a path with % or $ in it");
		return 0;
	}
	if (w->n == GD_TARGET_MAX_WORDS)
		return gd_raise(err, GD_E_INPUT, "ssh -G names more than %d files",
				GD_TARGET_MAX_WORDS);
	w->items[w->n] = expand_home(path);
	return w->items[w->n++] ? 0 : gd_raise_nomem(err);
}

/* --- what ssh -G says ------------------------------------------------------------------ */

typedef int take_fn(struct gd_target *t, const char *value, struct gd_error *err);

static int take_hostname(struct gd_target *t, const char *value, struct gd_error *err)
{
	return set(&t->hostname, value, err);
}

static int take_known_as(struct gd_target *t, const char *value, struct gd_error *err)
{
	return set(&t->known_as, value, err);
}

static int take_user(struct gd_target *t, const char *value, struct gd_error *err)
{
	return t->user_given ? 0 : set(&t->user, value, err);
}

static int take_port(struct gd_target *t, const char *value, struct gd_error *err)
{
	char *end;
	long port = strtol(value, &end, 10);

	if (t->port_given)
		return 0;
	if (*end || port < 1 || port > UINT16_MAX)
		return gd_raise(err, GD_E_INPUT, "ssh -G names port \"%s\"", value);
	t->port = (int)port;
	return 0;
}

static int take_identity(struct gd_target *t, const char *value, struct gd_error *err)
{
	return add_path(t, &t->identities, value, err);
}

static int take_known_hosts(struct gd_target *t, const char *value, struct gd_error *err)
{
	GD_AUTO_FREE char *copy = strdup(value);
	char *save = NULL;

	if (!copy)
		return gd_raise_nomem(err);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		if (add_path(t, &t->known_hosts, w, err) < 0)
			return -1;
	return 0;
}

static int take_agent(struct gd_target *t, const char *value, struct gd_error *err)
{
	if (strcmp(value, "none") == 0)
		t->agent_disabled = true;
	else if (strcmp(value, "SSH_AUTH_SOCK") == 0)
		return 0;
	else if (strchr(value, '%') || strchr(value, '$'))
		need_ssh(t, "IdentityAgent has % or $ in it");
	else
		return set(&t->agent_path, value, err);
	return 0;
}

static int take_identities_only(struct gd_target *t, const char *value,
				struct gd_error *err GD_UNUSED)
{
	t->identities_only = strcmp(value, "yes") == 0 || strcmp(value, "true") == 0;
	return 0;
}

static int take_family(struct gd_target *t, const char *value,
		       struct gd_error *err GD_UNUSED)
{
	t->family = strcmp(value, "inet") == 0    ? AF_INET
		    : strcmp(value, "inet6") == 0 ? AF_INET6
						  : AF_UNSPEC;
	return 0;
}

static int take_ciphers(struct gd_target *t, const char *value, struct gd_error *err)
{
	return set(&t->ciphers, value, err);
}

static int take_macs(struct gd_target *t, const char *value, struct gd_error *err)
{
	return set(&t->macs, value, err);
}

static int take_kex(struct gd_target *t, const char *value, struct gd_error *err)
{
	return set(&t->kex, value, err);
}

static int take_key_algorithms(struct gd_target *t, const char *value,
			       struct gd_error *err)
{
	return set(&t->host_key_algorithms, value, err);
}

static int take_pubkey(struct gd_target *t, const char *value,
		       struct gd_error *err GD_UNUSED)
{
	if (strcmp(value, "no") == 0 || strcmp(value, "false") == 0)
		need_ssh(t, "public keys are switched off in the OpenSSH configuration");
	return 0;
}

/* A keyword either has a taker, or, when its value is none of `harmless`, needs ssh. */
static const struct keyword {
	const char *name;
	take_fn *take;
	const char *harmless;
} keywords[] = {
	{"hostname", take_hostname, NULL},
	{"hostkeyalias", take_known_as, NULL},
	{"user", take_user, NULL},
	{"port", take_port, NULL},
	{"identityfile", take_identity, NULL},
	{"userknownhostsfile", take_known_hosts, NULL},
	{"globalknownhostsfile", take_known_hosts, NULL},
	{"identityagent", take_agent, NULL},
	{"identitiesonly", take_identities_only, NULL},
	{"addressfamily", take_family, NULL},
	{"ciphers", take_ciphers, NULL},
	{"macs", take_macs, NULL},
	{"kexalgorithms", take_kex, NULL},
	{"hostkeyalgorithms", take_key_algorithms, NULL},
	{"pubkeyauthentication", take_pubkey, NULL},
	{"proxyjump", NULL, "none"},
	{"proxycommand", NULL, "none"},
	{"certificatefile", NULL, "none"},
	{"pkcs11provider", NULL, "none"},
	{"knownhostscommand", NULL, "none"},
	{"revokedhostkeys", NULL, "none"},
	{"bindaddress", NULL, "none"},
	{"bindinterface", NULL, "none"},
	{"hostbasedauthentication", NULL, "no"},
};

static int take_line(struct gd_target *t, const char *name, const char *value,
		     struct gd_error *err)
{
	char why[128];

	for (size_t i = 0; i < GD_N_ELEMS(keywords); i++) {
		const struct keyword *k = &keywords[i];

		if (strcmp(k->name, name) != 0)
			continue;
		if (k->take)
			return k->take(t, value, err);
		if (strcmp(value, k->harmless) == 0)
			return 0;
		(void)snprintf(why, sizeof(why), "the OpenSSH configuration sets %s",
			       name);
		need_ssh(t, why);
		return 0;
	}
	return 0;
}

int gd_target_read_config(struct gd_target *t, const char *text, struct gd_error *err)
{
	GD_AUTO_FREE char *copy = strdup(text);
	char *save = NULL;

	if (!copy)
		return gd_raise_nomem(err);
	for (char *line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');

		if (!blank)
			continue;
		*blank = '\0';
		if (take_line(t, line, blank + 1, err) < 0)
			return -1;
	}
	return 0;
}

/* --- what the inventory says ----------------------------------------------------------- */

/*
 * Host, user and jump reach ssh's command line and, through ProxyCommand and Match exec of
 * the user's configuration, possibly a shell.
 */
static int check_word(const char *what, const char *word, struct gd_error *err)
{
	if (!*word || strlen(word) > MAX_WORD)
		return gd_raise(err, GD_E_INPUT, "%s is empty or too long", what);
	if (*word == '-')
		return gd_raise(err, GD_E_INPUT, "%s \"%s\" begins with a dash", what,
				word);
	for (const char *p = word; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f ||
		    strchr("'`\"$\\;&<>|(){}*?!#~", *p))
			return gd_raise(err, GD_E_INPUT,
					"%s \"%s\" has a character that is "
					"not allowed there",
					what, word);
	return 0;
}

/* "TYPE BASE64 [comment]": the key says its own type first, and both must agree. */
static int check_host_key(const char *text, struct gd_error *err)
{
	size_t type_len = strcspn(text, " \t");
	const char *b64 = text + type_len + strspn(text + type_len, " \t");
	size_t b64_len = strcspn(b64, " \t");
	GD_AUTO_FREE unsigned char *blob = NULL;
	size_t size;

	if (strpbrk(text, "\r\n") || type_len == 0 || b64_len == 0)
		return gd_raise(err, GD_E_INPUT,
				"host_key is not of the form \"ssh-ed25519 "
				"AAAA...\", a line of a .pub file");
	if (gd_base64_decode(b64, b64_len, &blob, &size, err) < 0)
		return gd_wrap(err, "host_key: ");
	if (size < 4 + type_len || blob[0] || blob[1] || blob[2] || blob[3] != type_len ||
	    memcmp(blob + 4, text, type_len) != 0)
		return gd_raise(err, GD_E_INPUT,
				"host_key says %.*s and holds another kind of "
				"key, or was cut",
				(int)type_len, text);
	return 0;
}

static int take_key(struct gd_target *t, const char *key, struct gd_error *err)
{
	GD_AUTO_FREE char *path = expand_home(key);

	if (!path)
		return gd_raise_nomem(err);
	if (access(path, R_OK) < 0)
		return gd_raise_errno(err, "key %s", path);
	t->key = gd_steal_ptr(&path);
	return 0;
}

static int take_inventory(struct gd_target *t, const struct gd_inventory_host *h,
			  struct gd_error *err)
{
	const char *host = h->host ? h->host : h->name;

	if (check_word("host", host, err) < 0 ||
	    (h->user && check_word("user", h->user, err) < 0) ||
	    (h->jump && check_word("jump", h->jump, err) < 0) ||
	    (h->host_key && check_host_key(h->host_key, err) < 0))
		return -1;
	if (h->port < 0 || h->port > UINT16_MAX)
		return gd_raise(err, GD_E_INPUT, "port %lld is not 1 to 65535",
				(long long)h->port);
	t->port = h->port ? (int)h->port : DEFAULT_PORT;
	t->port_given = h->port != 0;
	t->user_given = h->user != NULL;
	t->sudo = (enum gd_sudo)h->sudo;
	if (h->jump)
		need_ssh(t, "the inventory names a jump host");
	if (set(&t->host, host, err) < 0 || set(&t->hostname, host, err) < 0 ||
	    (h->user && set(&t->user, h->user, err) < 0) ||
	    (h->jump && set(&t->jump, h->jump, err) < 0) ||
	    (h->host_key && set(&t->host_key, h->host_key, err) < 0))
		return -1;
	return h->key ? take_key(t, h->key, err) : 0;
}

static int run_ssh_g(const struct gd_target *t, struct gd_proc_result *ret,
		     struct gd_error *err)
{
	const char *argv[16] = {"ssh", "-G"};
	size_t n = 2;
	char port[16];

	(void)snprintf(port, sizeof(port), "%d", t->port);
	if (t->ssh_config) {
		argv[n++] = "-F";
		argv[n++] = t->ssh_config;
	}
	if (t->port_given) {
		argv[n++] = "-p";
		argv[n++] = port;
	}
	if (t->user_given) {
		argv[n++] = "-l";
		argv[n++] = t->user;
	}
	argv[n++] = "--";
	argv[n++] = t->host;
	return gd_proc_run(argv, gd_span_s(CONFIG_LIMIT_S), ret, err);
}

/* What OpenSSH would use were there no configuration: for machines without ssh. */
static int take_defaults(struct gd_target *t, struct gd_error *err)
{
	return gd_target_read_config(t,
				     "identityfile ~/.ssh/id_ecdsa\n"
				     "identityfile ~/.ssh/id_ed25519\n"
				     "userknownhostsfile ~/.ssh/known_hosts\n"
				     "globalknownhostsfile /etc/ssh/ssh_known_hosts\n",
				     err);
}

static int take_config(struct gd_target *t, struct gd_error *err)
{
	struct gd_error why = GD_ERROR_INIT;
	struct gd_proc_result r;
	GD_AUTO_FREE char *out = NULL;
	size_t len;

	if (run_ssh_g(t, &r, &why) < 0) {
		if (why.sys_errno == ENOENT)
			return take_defaults(t, err);
		*err = why;
		return -1;
	}
	out = r.out;
	if (r.status == 0)
		return gd_target_read_config(t, out, err);
	len = strlen(out);
	while (len > 0 && out[len - 1] == '\n')
		out[--len] = '\0';
	return gd_raise(err, GD_E_INPUT, "ssh -G %s: %s", t->host, out);
}

static int set_user_default(struct gd_target *t, struct gd_error *err)
{
	const struct passwd *pw = t->user ? NULL : getpwuid(getuid());

	if (t->user)
		return 0;
	if (!pw)
		return gd_raise(err, GD_E_INPUT,
				"no `user` in the inventory and no account "
				"name for uid %ld",
				(long)getuid());
	return set(&t->user, pw->pw_name, err);
}

static int fill(struct gd_target *t, const struct gd_inventory_host *h,
		const char *ssh_config, struct gd_error *err)
{
	if (ssh_config && set(&t->ssh_config, ssh_config, err) < 0)
		return -1;
	if (take_inventory(t, h, err) < 0 || take_config(t, err) < 0 ||
	    set_user_default(t, err) < 0)
		return -1;
	if (t->known_as)
		return 0;
	if (set(&t->known_as, t->hostname, err) < 0)
		return -1;
	for (char *p = t->known_as; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a'); /* known_hosts has lower case only */
	return 0;
}

int gd_target_init(struct gd_target *ret, const struct gd_inventory_host *h,
		   const char *ssh_config, struct gd_error *err)
{
	struct gd_target t = {.name = strdup(h->name ? h->name : h->host)};

	if (!t.name)
		return gd_raise_nomem(err);
	if (fill(&t, h, ssh_config, err) < 0) {
		(void)gd_wrap(err, "host %s: ", t.name);
		gd_target_fini(&t);
		return -1;
	}
	*ret = t;
	return 0;
}
