/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/base/hash.h"
#include "gameday/base/strbuf.h"

enum {
	CHECKSUM = 16,
	MAX_SIZE = 16 << 20,
	ROTATE_SIZE = 1 << 20,
	MAX_OPEN = 1024,
};

static const char *const phase_names[] = {
	[GD_PHASE_OPEN] = "open",
	[GD_PHASE_ACTIVE] = "active",
	[GD_PHASE_CLEAN] = "clean",
	[GD_PHASE_LEFT_BEHIND] = "left-behind",
};

/* No phase: the fault stays active. */
static const char step_change[] = "change";

const char *gd_phase_name(enum gd_phase phase)
{
	return phase_names[phase];
}

static int find_phase(const char *name)
{
	for (size_t i = 0; i < GD_N_ELEMS(phase_names); i++)
		if (strcmp(phase_names[i], name) == 0)
			return (int)i;
	return -1;
}

/* --- reading ------------------------------------------------------------------------- */

static void closed_fini(struct gd_journal_closed *c)
{
	gd_record_fini(&c->record);
	free(c->after);
	cJSON_Delete(c->undone);
	c->after = NULL;
	c->undone = NULL;
}

void gd_journal_view_fini(struct gd_journal_view *v)
{
	for (size_t i = 0; i < v->n_closed; i++)
		closed_fini(&v->closed[i]);
	free(v->closed);
	for (size_t i = 0; i < v->n; i++) {
		gd_record_fini(&v->entries[i].record);
		cJSON_Delete(v->entries[i].undone);
	}
	free(v->entries);
	*v = (struct gd_journal_view){0};
}

static struct gd_journal_entry *find_entry(struct gd_journal_view *v, int64_t id)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->entries[i].record.id == id)
			return &v->entries[i];
	return NULL;
}

/* Moves an entry to those that are over. -2: out of memory. */
static int close_entry(struct gd_journal_view *v, struct gd_journal_entry *e,
		       const char *after)
{
	size_t at = (size_t)(e - v->entries);
	struct gd_journal_closed c = {.record = e->record, .undone = e->undone};

	if (after) {
		c.after = strdup(after);
		if (!c.after)
			return -2;
	}
	if (!v->closed) {
		v->closed = calloc(GD_JOURNAL_MAX_CLOSED, sizeof(*v->closed));
		if (!v->closed) {
			free(c.after);
			return -2;
		}
	}
	if (v->n_closed == GD_JOURNAL_MAX_CLOSED) {
		closed_fini(&v->closed[0]);
		memmove(v->closed, v->closed + 1, (--v->n_closed) * sizeof(*v->closed));
	}
	v->closed[v->n_closed++] = c;
	memmove(e, e + 1, (v->n - at - 1) * sizeof(*e));
	v->n--;
	return 0;
}

/* -1: the line can't be trusted; -2: out of memory. */
static int take_open(struct gd_journal_view *v, const cJSON *json)
{
	GD_AUTO_RECORD struct gd_record r = {0};
	struct gd_journal_entry *grown;
	struct gd_error err = GD_ERROR_INIT;

	if (gd_record_from_json(json, &r, &err) < 0)
		return err.code == GD_E_NOMEM ? -2 : -1;
	if (v->n == MAX_OPEN || r.id <= v->last_id)
		return -1;
	grown = reallocarray(v->entries, v->n + 1, sizeof(*grown));
	if (!grown)
		return -2;
	v->entries = grown;
	v->entries[v->n++] =
		(struct gd_journal_entry){.record = r, .phase = GD_PHASE_OPEN};
	v->last_id = r.id;
	r = (struct gd_record){0};
	return 0;
}

/* Keeps what the line tells of how e was undone. -2: out of memory. */
static int take_undone(struct gd_journal_entry *e, const cJSON *json)
{
	const cJSON *undone = cJSON_GetObjectItemCaseSensitive(json, "undone");
	cJSON *copy;

	if (!cJSON_IsObject(undone))
		return 0;
	copy = cJSON_Duplicate(undone, true);
	if (!copy)
		return -2;
	cJSON_Delete(e->undone);
	e->undone = copy;
	return 0;
}

/* As it was about to be: whether it came to that, nobody needs to know. */
static int take_change(struct gd_journal_view *v, const cJSON *json)
{
	struct gd_journal_entry *e = find_entry(v, gd_json_int(json, "id", 0));
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(json, "args");
	cJSON *copy;

	if (!cJSON_IsObject(args))
		return -1;
	if (!e)
		return 0;
	copy = cJSON_Duplicate(args, 1);
	if (!copy)
		return -2;
	cJSON_Delete(e->record.args);
	e->record.args = copy;
	return 0;
}

static int take_json(struct gd_journal_view *v, const cJSON *json)
{
	int phase = find_phase(gd_json_str(json, "step", ""));
	struct gd_journal_entry *e;

	if (strcmp(gd_json_str(json, "step", ""), step_change) == 0)
		return take_change(v, json);
	if (phase < 0)
		return -1;
	if (phase == GD_PHASE_OPEN)
		return take_open(v, json);
	e = find_entry(v, gd_json_int(json, "id", 0));
	/* A step of a fault that is over already is odd, but hides nothing. */
	if (!e)
		return 0;
	if (take_undone(e, json) < 0)
		return -2;
	if (phase == GD_PHASE_CLEAN)
		return close_entry(v, e, gd_json_str(json, "after", NULL));
	e->phase = (enum gd_phase)phase;
	return 0;
}

static int take_line(struct gd_journal_view *v, const char *line, size_t len)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	char sum[GD_SHA256_HEX];
	struct gd_error err;

	if (len < CHECKSUM + 2 || line[CHECKSUM] != ' ')
		return -1;
	if (gd_sha256_hex(line + CHECKSUM + 1, len - CHECKSUM - 1, sum, &err) < 0 ||
	    memcmp(sum, line, CHECKSUM) != 0)
		return -1;
	if (gd_json_parse(line + CHECKSUM + 1, len - CHECKSUM - 1, &json, &err) < 0)
		return -1;
	return take_json(v, json);
}

int gd_journal_parse(const char *text, size_t size, struct gd_journal_view *ret,
		     struct gd_error *err)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	const char *end = text + size, *newline;
	size_t number = 0;

	for (; text < end; text = newline + 1) {
		int rc;

		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			break;
		number++;
		rc = take_line(&v, text, (size_t)(newline - text));
		if (rc == -2)
			return gd_raise_nomem(err);
		if (rc == -1 && v.n_damaged++ == 0)
			v.first_damaged = number;
	}
	*ret = v;
	v = (struct gd_journal_view){0};
	return 0;
}

int gd_journal_load(const char *state_dir, struct gd_journal_view *ret,
		    struct gd_error *err)
{
	GD_AUTO_FREE char *path = gd_path_join(state_dir, "journal");
	GD_AUTO_FREE char *text = NULL;
	struct gd_error e = GD_ERROR_INIT;
	size_t size;

	if (!path)
		return gd_raise_nomem(err);
	if (gd_file_read(path, MAX_SIZE, &text, &size, &e) < 0) {
		*ret = (struct gd_journal_view){0};
		if (e.sys_errno == ENOENT)
			return 0;
		*err = e;
		return gd_wrap(err, "journal: ");
	}
	return gd_journal_parse(text, size, ret, err);
}

/* --- writing ------------------------------------------------------------------------- */

static int rotate(const char *state_dir, const char *name, struct gd_error *err)
{
	GD_AUTO_FREE char *from = gd_path_join(state_dir, "journal");
	GD_AUTO_FREE char *to = gd_path_join(state_dir, name);

	if (!from || !to)
		return gd_raise_nomem(err);
	if (rename(from, to) < 0 && errno != ENOENT)
		return gd_raise_errno(err, "rename %s", from);
	return gd_sync_parent(to, err);
}

int gd_journal_set_aside(const char *state_dir, struct gd_error *err)
{
	return rotate(state_dir, "journal.damaged", err);
}

static int make_dir(const char *state_dir, struct gd_error *err)
{
	if (gd_mkdir_p(state_dir, 0700, err) < 0)
		return -1;
	/* An existing directory may have been made by hand with other rights. */
	if (chmod(state_dir, 0700) < 0)
		return gd_raise_errno(err, "%s", state_dir);
	return 0;
}

/* Ends the file behind its last newline. */
static int cut_tail(int fd, const char *path, struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL;
	const char *newline;
	size_t size, keep;

	if (gd_fd_read_all(fd, MAX_SIZE, &text, &size, err) < 0)
		return gd_wrap(err, "%s: ", path);
	newline = memrchr(text, '\n', size);
	keep = newline ? (size_t)(newline - text) + 1 : 0;
	if (keep != size && (ftruncate(fd, (off_t)keep) < 0 || fsync(fd) < 0))
		return gd_raise_errno(err, "%s: cut unfinished line", path);
	return 0;
}

int gd_journal_open(const char *state_dir, struct gd_journal *ret, struct gd_error *err)
{
	GD_AUTO_JOURNAL_VIEW struct gd_journal_view v = {0};
	GD_AUTO_FREE char *path = gd_path_join(state_dir, "journal");
	GD_AUTO_FD int fd = -1;
	struct stat st;

	if (!path)
		return gd_raise_nomem(err);
	if (make_dir(state_dir, err) < 0 || gd_journal_load(state_dir, &v, err) < 0)
		return -1;
	if (v.n == 0 && v.n_damaged == 0 && stat(path, &st) == 0 &&
	    st.st_size > ROTATE_SIZE && rotate(state_dir, "journal.old", err) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return gd_raise_errno(err, "%s", path);
	if (cut_tail(fd, path, err) < 0 || gd_sync_parent(path, err) < 0)
		return -1;
	*ret = (struct gd_journal){.fd = gd_steal_fd(&fd), .last_id = v.last_id};
	return 0;
}

void gd_journal_close(struct gd_journal *j)
{
	gd_close_fd(&j->fd);
}

static void crash_point(struct gd_journal *j)
{
	if (++j->steps == j->crash_at)
		(void)kill(getpid(), SIGKILL);
}

/* One write, so that lines of the agent and its guardian never mix; then to the disk. */
static int append(struct gd_journal *j, const cJSON *json, struct gd_error *err)
{
	GD_AUTO_FREE char *text = gd_json_print(json);
	GD_AUTO_STRBUF(line);
	char sum[GD_SHA256_HEX];

	if (!text)
		return gd_raise_nomem(err);
	if (gd_sha256_hex(text, strlen(text), sum, err) < 0)
		return -1;
	gd_strbuf_addf(&line, "%.*s %s\n", CHECKSUM, sum, text);
	if (line.failed)
		return gd_raise_nomem(err);
	crash_point(j);
	if (gd_fd_write_all(j->fd, line.data, line.len, err) < 0)
		return gd_wrap(err, "journal: ");
	if (fdatasync(j->fd) < 0)
		return gd_raise_errno(err, "journal: sync");
	crash_point(j);
	return 0;
}

int64_t gd_journal_next_id(const struct gd_journal *j)
{
	return j->last_id + 1;
}

int gd_journal_begin(struct gd_journal *j, const struct gd_record *r,
		     struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = NULL;

	gd_assert(r->id == gd_journal_next_id(j));
	if (gd_record_to_json(r, &json, err) < 0)
		return -1;
	if (!gd_json_set_str(json, "step", phase_names[GD_PHASE_OPEN]))
		return gd_raise_nomem(err);
	if (append(j, json, err) < 0)
		return -1;
	j->last_id = r->id;
	return 0;
}

int gd_journal_change(struct gd_journal *j, int64_t id, const cJSON *args,
		      struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();

	if (!json || !gd_json_set_str(json, "step", step_change) ||
	    !gd_json_set_int(json, "id", id) ||
	    !gd_json_set_int(json, "wall_ns", gd_wall_now().ns) ||
	    !gd_json_set(json, "args", cJSON_Duplicate(args, 1)))
		return gd_raise_nomem(err);
	return append(j, json, err);
}

int gd_journal_step(struct gd_journal *j, int64_t id, enum gd_phase phase,
		    const char *after, const char *problem, const cJSON *undone,
		    struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();

	if (!json || !gd_json_set_str(json, "step", phase_names[phase]) ||
	    !gd_json_set_int(json, "id", id) ||
	    !gd_json_set_int(json, "wall_ns", gd_wall_now().ns) ||
	    (after && !gd_json_set_str(json, "after", after)) ||
	    (problem && !gd_json_set_str(json, "problem", problem)) ||
	    (undone && !gd_json_set(json, "undone", cJSON_Duplicate(undone, true))))
		return gd_raise_nomem(err);
	return append(j, json, err);
}
