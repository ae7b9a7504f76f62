/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/scenario/scenario.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/scenario/formats.h"
#include "gameday/scenario/source.h"

enum { MAX_HOST_NAME = 64 };

static const struct gd_choice sudo_choices[] = {
	{"auto", "use sudo -n unless the login is root's", GD_SUDO_AUTO},
	{"never", "never use sudo", GD_SUDO_NEVER},
	{"always", "always use sudo -n", GD_SUDO_ALWAYS},
	{0},
};

static const struct gd_field host_fields[] = {
	{.name = "host",
	 .help = "where SSH goes: a name or an address; default: the entry's name",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_inventory_host, host),
	 .min = 1,
	 .max = 253},
	{.name = "port",
	 .help = "SSH port; default: from the OpenSSH configuration",
	 .kind = GD_KIND_INT,
	 GD_MEMBER(struct gd_inventory_host, port),
	 .min = 1,
	 .max = 65535},
	{.name = "user",
	 .help = "login name; default: from the OpenSSH configuration",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_inventory_host, user),
	 .min = 1,
	 .max = 64},
	{.name = "key",
	 .help = "private key file; default: SSH agent and OpenSSH configuration",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_inventory_host, key),
	 .min = 1,
	 .max = 4096},
	{.name = "host_key",
	 .help = "the host's public key, as in known_hosts; default: known_hosts",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_inventory_host, host_key),
	 .min = 1,
	 .max = 8192},
	{.name = "address",
	 .help = "address the load uses, what {role} becomes; default: host",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_inventory_host, address),
	 .min = 1,
	 .max = 253},
	{.name = "jump",
	 .help = "[user@]host[:port] to go through; default: from the OpenSSH configuration",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct gd_inventory_host, jump),
	 .min = 1,
	 .max = 1024},
	{.name = "sudo",
	 .help = "how the agent becomes root",
	 .dflt = "auto",
	 .kind = GD_KIND_ENUM,
	 GD_MEMBER(struct gd_inventory_host, sudo),
	 .choices = sudo_choices},
	{.name = "tags",
	 .help = "words that scenarios choose hosts by",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct gd_inventory_host, tags),
	 .shape = &gd_text_shape,
	 .max = 64},
};

static const struct gd_shape host_shape = {
	.name = "host",
	.fields = host_fields,
	.n_fields = GD_N_ELEMS(host_fields),
	.size = sizeof(struct gd_inventory_host),
	.key_offset = offsetof(struct gd_inventory_host, name),
	.node_offset = offsetof(struct gd_inventory_host, node),
	.given_offset = GD_NO_OFFSET,
};

struct raw {
	char *inventory;
	struct gd_list hosts;
};

static const struct gd_field inventory_fields[] = {
	{.name = "inventory",
	 .help = "what to call these hosts",
	 .kind = GD_KIND_TEXT,
	 GD_MEMBER(struct raw, inventory)},
	{.name = "hosts",
	 .help = "the hosts scenarios may touch, by name",
	 .kind = GD_KIND_MAP,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct raw, hosts),
	 .shape = &host_shape},
};
const struct gd_shape gd_inventory_shape =
	GD_SHAPE("inventory", inventory_fields, struct raw);

/* Words that reach ssh(1) as arguments must not look like options, or hold blanks. */
static void check_word(const struct gd_inventory_host *h, const char *key,
		       const char *word, struct gd_diags *diags)
{
	const struct gd_node *node = gd_node_get(h->node, key);

	if (!word || !node)
		return;
	if (word[0] == '-')
		gd_diag_error(diags, node->pos, "host %s: %s must not begin with '-'",
			      h->name, key);
	for (const char *s = word; *s; s++) {
		if ((unsigned char)*s > ' ' && (unsigned char)*s < 0x7f)
			continue;
		gd_diag_error(diags, node->pos,
			      "host %s: %s must not hold blanks or control characters",
			      h->name, key);
		return;
	}
}

static void check_name(const struct gd_inventory_host *h, struct gd_pos pos,
		       struct gd_diags *diags)
{
	size_t len = strlen(h->name);

	for (const char *s = h->name; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("-_.", *s))
			continue;
		gd_diag_error(
			diags, pos,
			"host name \"%.60s\": only letters, digits, - _ and . can be in it",
			h->name);
		return;
	}
	if (len == 0 || len > MAX_HOST_NAME || h->name[0] == '-' || h->name[0] == '.')
		gd_diag_error(
			diags, pos,
			"host name \"%.80s\": 1 to %d characters, the first a letter or "
			"digit",
			h->name, MAX_HOST_NAME);
}

/* What is not given: SSH goes to the entry's name, the load where SSH goes. */
static int fill_in(struct gd_inventory_host *h)
{
	if (!h->host)
		h->host = strdup(h->name);
	if (h->host && !h->address)
		h->address = strdup(h->host);
	return h->host && h->address ? 0 : -1;
}

static void check_hosts(struct gd_inventory *inv, struct gd_diags *diags)
{
	const struct gd_node *map = gd_node_get(inv->tree, "hosts");

	for (size_t i = 0; i < inv->hosts.n; i++) {
		struct gd_inventory_host *h =
			GD_AT(&inv->hosts, struct gd_inventory_host, i);
		struct gd_pos pos = gd_node_key_pos(map, h->name);

		check_name(h, pos, diags);
		check_word(h, "host", h->host, diags);
		check_word(h, "user", h->user, diags);
		check_word(h, "jump", h->jump, diags);
		check_word(h, "address", h->address, diags);
		if (fill_in(h) < 0)
			gd_diag_error(diags, pos, "host %s: out of memory", h->name);
	}
	if (inv->hosts.n == 0 && map)
		gd_diag_error(diags, map->pos, "the inventory has no hosts");
}

int gd_inventory_load(const char *path, struct gd_inventory *ret, struct gd_diags *diags)
{
	size_t before = diags->n_errors;
	struct raw raw = {0};

	*ret = (struct gd_inventory){0};
	if (gd_source_load(path, &ret->path, &ret->source, &ret->source_size, &ret->tree,
			   diags) < 0)
		return -1;
	if (gd_shape_decode(&gd_inventory_shape, ret->tree, &raw, diags) == 0) {
		ret->hosts = raw.hosts;
		raw.hosts = (struct gd_list){0};
		check_hosts(ret, diags);
	}
	gd_shape_fini(&gd_inventory_shape, &raw);
	return diags->n_errors == before ? 0 : -1;
}

void gd_inventory_fini(struct gd_inventory *i)
{
	struct raw raw = {.hosts = i->hosts};

	gd_shape_fini(&gd_inventory_shape, &raw);
	(void)gd_node_free(i->tree);
	free(i->source);
	free(i->path);
	*i = (struct gd_inventory){0};
}

const struct gd_inventory_host *gd_inventory_find(const struct gd_inventory *inv,
						  const char *name)
{
	for (size_t i = 0; i < inv->hosts.n; i++) {
		const struct gd_inventory_host *h =
			GD_AT(&inv->hosts, const struct gd_inventory_host, i);

		if (strcmp(h->name, name) == 0)
			return h;
	}
	return NULL;
}

bool gd_inventory_has_tag(const struct gd_inventory_host *host, const char *tag)
{
	for (size_t i = 0; i < host->tags.n; i++) {
		const char *text = GD_AT(&host->tags, const struct gd_text, i)->text;

		if (text && strcmp(text, tag) == 0)
			return true;
	}
	return false;
}
