/* SPDX-License-Identifier: Apache-2.0 */
/* The inventory's keys are a contract with the reader of inventories; a test reads it back. */
#include "gameday/lab/inventory.h"

#include <stdlib.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/lab/paths.h"

/* A YAML double-quoted scalar: a path may hold anything but NUL. */
static void quoted_add(struct gd_strbuf *out, const char *s)
{
	gd_strbuf_addc(out, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			gd_strbuf_addc(out, '\\');
		if (c < 0x20)
			gd_strbuf_addf(out, "\\x%02x", c);
		else
			gd_strbuf_addc(out, *s);
	}
	gd_strbuf_addc(out, '"');
}

void gd_lab_inventory_print(const uint16_t ports[static GD_LAB_N_HOSTS],
			    const struct gd_lab_keys *keys, const char *client_key,
			    struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "hosts:\n");
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		const struct gd_lab_host *h = &gd_lab_hosts[i];

		gd_strbuf_addf(out,
			       "  %s:\n"
			       "    host: 127.0.0.1\n"
			       "    port: %u\n"
			       "    user: root\n"
			       "    key: ",
			       h->name, (unsigned)ports[i]);
		quoted_add(out, client_key);
		gd_strbuf_addf(out,
			       "\n"
			       "    host_key: \"%s\"\n"
			       "    address: %s\n"
			       "    tags: [%s]\n",
			       keys->host_public[i], h->address, h->tags);
	}
}

void gd_lab_known_hosts_print(const uint16_t ports[static GD_LAB_N_HOSTS],
			      const struct gd_lab_keys *keys, struct gd_strbuf *out)
{
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		gd_strbuf_addf(out, "[127.0.0.1]:%u %s\n", (unsigned)ports[i],
			       keys->host_public[i]);
}

static int file_write(const char *state, const char *name, const struct gd_strbuf *text,
		      struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(state, name);

	if (!path || text->failed)
		return gd_raise_nomem(err);
	return gd_file_write(path, gd_strbuf_str(text), text->len, 0600, err);
}

int gd_lab_inventory_write(const char *state, const uint16_t ports[static GD_LAB_N_HOSTS],
			   const struct gd_lab_keys *keys, struct gd_error *err)
{
	GD_AUTO_STRBUF(inventory);
	GD_AUTO_STRBUF(known_hosts);
	GD_AUTO_FREE char *key = gd_path_join(state, GD_LAB_FILE_CLIENT_KEY);

	if (!key)
		return gd_raise_nomem(err);
	gd_lab_inventory_print(ports, keys, key, &inventory);
	gd_lab_known_hosts_print(ports, keys, &known_hosts);
	if (file_write(state, GD_LAB_FILE_INVENTORY, &inventory, err) != 0 ||
	    file_write(state, GD_LAB_FILE_KNOWN_HOSTS, &known_hosts, err) != 0)
		return -1;
	return 0;
}
