/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules.dep has a line per module, "PATH: DEP DEP ...", with the whole closure in it and the
 * deepest dependency last: read backwards it is an order of loading. Module names treat - and _
 * as one character, file names do not.
 */
#include "gameday/lab/modules.h"

#include <stdbool.h>
#include <string.h>

static const char *const early[] = {"virtio_pci", "virtio_net", "virtio_console",
				    "macvlan",    "veth",       NULL};
/* crc32c_generic: ext4 asks for it by its crypto name, which no dependency shows. */
static const char *const data[] = {"e1000",          "virtio_blk", "dm_mod",
				   "crc32c_generic", "ext4",       "sch_fq_codel",
				   "sch_htb",        "ipv6",       NULL};
static const char *const rest[] = {
	"sch_netem", "sch_tbf",    "sch_prio", "sch_ingress",  "ifb",        "act_mirred",
	"act_gact",  "act_police", "cls_u32",  "cls_matchall", "cls_flower", "cls_fw",
	"cls_basic", "sch_red",    "dm_delay", "dm_flakey",    "loop",       "8021q",
	"dummy",     "bridge",     "bonding",  "pktgen",       NULL};

static const char *const *const stages[GD_LAB_N_STAGES] = {
	[GD_LAB_EARLY] = early, [GD_LAB_DATA] = data, [GD_LAB_REST] = rest};

const char *gd_lab_stage_file(enum gd_lab_stage stage)
{
	static const char *const names[GD_LAB_N_STAGES] = {
		[GD_LAB_EARLY] = "modules.early",
		[GD_LAB_DATA] = "modules.data",
		[GD_LAB_REST] = "modules.rest"};

	return names[stage];
}

static bool same_letter(char a, char b)
{
	return (a == '-' ? '_' : a) == (b == '-' ? '_' : b);
}

/* Is the path of `len` characters that of module `name`? */
static bool path_is(const char *path, size_t len, const char *name)
{
	size_t base = len;

	while (base > 0 && path[base - 1] != '/')
		base--;
	for (; *name; name++, base++)
		if (base >= len || !same_letter(path[base], *name))
			return false;
	return len - base >= 3 && strncmp(path + base, ".ko", 3) == 0;
}

/* The line of `text` whose first word, up to a colon or the line's end, is that module; or NULL. */
static const char *line_find(const char *text, const char *name)
{
	while (*text) {
		size_t word = strcspn(text, ":\n");

		if (path_is(text, word, name))
			return text;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return NULL;
}

static bool has_line(const struct gd_strbuf *sb, const char *path, size_t len)
{
	const char *text = gd_strbuf_str(sb);

	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n == len && memcmp(text, path, len) == 0)
			return true;
		text += n + (text[n] == '\n');
	}
	return false;
}

struct lists {
	const struct gd_strbuf *had;
	size_t n_had;
	struct gd_strbuf *list;
};

static void path_add(const struct lists *l, const char *path, size_t len)
{
	if (has_line(l->list, path, len))
		return;
	for (size_t i = 0; i < l->n_had; i++)
		if (has_line(&l->had[i], path, len))
			return;
	gd_strbuf_add(l->list, path, len);
	gd_strbuf_addc(l->list, '\n');
}

/* A line of modules.dep: its words from the last to the second, then the first. */
static void line_add(const struct lists *l, const char *line)
{
	size_t first = strcspn(line, ":\n"), end = strcspn(line, "\n");

	while (end > first + 1) {
		size_t start;

		while (end > first + 1 && line[end - 1] == ' ')
			end--;
		start = end;
		while (start > first + 1 && line[start - 1] != ' ')
			start--;
		if (end > start)
			path_add(l, line + start, end - start);
		end = start;
	}
	path_add(l, line, first);
}

int gd_lab_modules_close(const char *dep, const char *builtin, const char *const names[],
			 const struct gd_strbuf *had, size_t n_had,
			 struct gd_strbuf *list, struct gd_error *err)
{
	const struct lists l = {had, n_had, list};

	for (; *names; names++) {
		const char *line = line_find(dep, *names);

		if (line)
			line_add(&l, line);
		else if (!line_find(builtin, *names))
			return gd_raise(err, GD_E_REFUSED, "the kernel has no module %s",
					*names);
	}
	if (list->failed)
		return gd_raise_nomem(err);
	return 0;
}

int gd_lab_modules_order(const char *dep, const char *builtin,
			 struct gd_strbuf list[GD_LAB_N_STAGES], struct gd_error *err)
{
	for (size_t i = 0; i < GD_LAB_N_STAGES; i++)
		if (gd_lab_modules_close(dep, builtin, stages[i], list, i, &list[i],
					 err) != 0)
			return -1;
	return 0;
}
