/* SPDX-License-Identifier: Apache-2.0 */
/* Templates are plain files with @MARKS@: what a host gets can be read in guest/ as it stands. */
#include "gameday/lab/embed.h"

#include <string.h>

#include "gameday/base/strbuf.h"
#include "gameday/lab/topology.h"

const struct gd_lab_guest_file *gd_lab_guest_file_find(const char *name)
{
	for (const struct gd_lab_guest_file *f = gd_lab_guest_files; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static void cluster_add(struct gd_strbuf *sb)
{
	const char *comma = "";

	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		const struct gd_lab_host *h = &gd_lab_hosts[i];

		if (h->role != GD_LAB_API)
			continue;
		gd_strbuf_addf(sb, "%s%s=http://%s:2380", comma, h->name, h->address);
		comma = ",";
	}
}

static int mark_add(struct gd_strbuf *sb, const char *mark, size_t len,
		    const struct gd_lab_host *host, struct gd_error *err)
{
	const struct {
		const char *mark, *value;
	} values[] = {
		{"NAME", host->name},           {"MGMT", host->mgmt},
		{"GATEWAY", GD_LAB_GATEWAY},    {"ADDRESS", host->address},
		{"INTERLINK", host->interlink},
	};

	if (len == strlen("CLUSTER") && strncmp(mark, "CLUSTER", len) == 0) {
		cluster_add(sb);
		return 0;
	}
	for (size_t i = 0; i < GD_N_ELEMS(values); i++)
		if (strlen(values[i].mark) == len &&
		    strncmp(mark, values[i].mark, len) == 0 && values[i].value) {
			gd_strbuf_adds(sb, values[i].value);
			return 0;
		}
	return gd_raise(err, GD_E_BUG, "template mark @%.*s@ means nothing on %s",
			(int)len, mark, host->name);
}

/* The end of a mark that starts behind an @ at `at`: capitals and then another @; else NULL. */
static const char *mark_end(const char *at, const char *end)
{
	const char *p = at;

	while (p < end && *p >= 'A' && *p <= 'Z')
		p++;
	return p < end && p > at && *p == '@' ? p : NULL;
}

int gd_lab_template_fill(const char *text, size_t size, const struct gd_lab_host *host,
			 char **ret, struct gd_error *err)
{
	GD_AUTO_STRBUF(sb);
	const char *end = text + size;
	char *done;

	for (const char *p = text; p < end;) {
		const char *close = *p == '@' ? mark_end(p + 1, end) : NULL;

		if (close) {
			if (mark_add(&sb, p + 1, (size_t)(close - p - 1), host, err) != 0)
				return -1;
			p = close + 1;
		} else {
			gd_strbuf_addc(&sb, *p++);
		}
	}
	gd_strbuf_adds(&sb, "");
	done = gd_strbuf_steal(&sb);
	if (!done)
		return gd_raise_nomem(err);
	*ret = done;
	return 0;
}

int gd_lab_guest_file_fill(const char *name, const struct gd_lab_host *host, char **ret,
			   struct gd_error *err)
{
	const struct gd_lab_guest_file *f = gd_lab_guest_file_find(name);

	if (!f)
		return gd_raise(err, GD_E_BUG, "no guest file %s", name);
	return gd_lab_template_fill(f->begin, (size_t)(f->end - f->begin), host, ret,
				    err);
}
