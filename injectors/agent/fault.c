/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/capability.h>

#include "gameday/base/clock.h"
#include "gameday/base/file.h"

enum { ATTEMPTS = 4, MAX_STATE = 384 << 10 };

/* An injector with its args and undo decoded. */
struct decoded {
	const struct gd_injector *injector;
	void *args, *undo; /* owned */
};

static void decoded_fini(struct decoded *d)
{
	if (d->args)
		gd_shape_fini(&d->injector->args, d->args);
	if (d->undo)
		gd_shape_fini(&d->injector->undo, d->undo);
	free(d->args);
	free(d->undo);
}

#define AUTO_DECODED __attribute__((cleanup(decoded_fini)))

static int find_injector(const char *kind, const struct gd_injector **ret,
			 struct gd_error *err)
{
	*ret = gd_injector_find(kind);
	if (*ret)
		return 0;
	return gd_raise(err, GD_E_INPUT, "this agent knows no fault \"%.40s\"", kind);
}

static int decode_args(struct decoded *d, const char *kind, const cJSON *args,
		       struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *none = cJSON_CreateObject();

	if (find_injector(kind, &d->injector, err) < 0)
		return -1;
	d->args = calloc(1, d->injector->args.size);
	if (!d->args || !none)
		return gd_raise_nomem(err);
	return gd_shape_from_json(&d->injector->args, args ? args : none, d->args, err);
}

static int decode(struct decoded *d, const struct gd_record *r, struct gd_error *err)
{
	if (decode_args(d, r->kind, r->args, err) < 0)
		return -1;
	d->undo = calloc(1, d->injector->undo.size);
	if (!d->undo)
		return gd_raise_nomem(err);
	return gd_shape_from_json(&d->injector->undo, r->undo, d->undo, err);
}

/* --- before -------------------------------------------------------------------------- */

/* The effective capabilities, as /proc/self/status has them. */
static uint64_t effective_capabilities(void)
{
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err;
	const char *line;
	size_t size;

	if (gd_file_read("/proc/thread-self/status", 64 << 10, &text, &size, &err) < 0)
		return 0;
	line = strstr(text, "\nCapEff:");
	return line ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;
}

static int check_needs(const struct gd_injector *i, struct gd_error *err)
{
	static const struct {
		unsigned need;
		int capability;
		const char *name;
	} rows[] = {
		{GD_NEED_NET_ADMIN, CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		{GD_NEED_SYS_ADMIN, CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
	};
	uint64_t have = effective_capabilities();

	for (size_t n = 0; n < GD_N_ELEMS(rows); n++)
		if ((i->needs & rows[n].need) && !(have >> rows[n].capability & 1))
			return gd_raise(err, GD_E_REFUSED,
					"%s needs %s, which the agent does not have: log "
					"in as root or let the user run sudo without a "
					"password",
					i->name, rows[n].name);
	return 0;
}

static int read_state(const struct gd_ports *p, const struct decoded *d,
		      struct gd_strbuf *out, struct gd_error *err)
{
	if (d->injector->state(p, d->args, out, err) < 0)
		return -1;
	if (out->failed)
		return gd_raise_nomem(err);
	if (out->len > MAX_STATE)
		return gd_raise(err, GD_E_REFUSED,
				"the state to watch over is %zu KiB, more than %d",
				out->len >> 10, MAX_STATE >> 10);
	return 0;
}

/* Everything up to and with preflight. */
static int prepare(const struct gd_ports *p, struct decoded *d, const char *kind,
		   const cJSON *args, struct gd_error *err)
{
	if (decode_args(d, kind, args, err) < 0)
		return -1;
	/* One of several levels may be idle; the runner has seen to it that not all are. */
	if (d->injector->check(d->args, err) < 0 || check_needs(d->injector, err) < 0 ||
	    d->injector->preflight(p, d->args, err) < 0)
		return gd_wrap(err, "%s: ", kind);
	return 0;
}

/* The text of the args member that names what is hurt. */
static void name_target(const struct decoded *d, char *ret, size_t size)
{
	const struct gd_shape *shape = &d->injector->args;

	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct gd_field *f = &shape->fields[i];
		const char *at = (const char *)d->args + f->offset;
		char *text = NULL;

		if (strcmp(f->name, d->injector->target_field) != 0)
			continue;
		if (f->kind == GD_KIND_TEXT)
			memcpy(&text, at, sizeof(text));
		(void)snprintf(ret, size, "%.63s",
			       f->kind == GD_KIND_NAME ? at
			       : text                  ? text
						       : "");
	}
}

/* One set of args that will come later. */
static int foresee_one(const struct gd_ports *p, const struct decoded *d,
		       const cJSON *args, struct gd_error *err)
{
	AUTO_DECODED struct decoded to = {0};
	char target[64] = "", other[64] = "";

	if (decode_args(&to, d->injector->name, args, err) < 0 ||
	    d->injector->check(to.args, err) < 0)
		return -1;
	name_target(d, target, sizeof(target));
	name_target(&to, other, sizeof(other));
	if (strcmp(target, other) != 0)
		return gd_raise(err, GD_E_INPUT,
				"it is on %s and can't change to be on %s", target,
				other);
	return d->injector->foresee(p, to.args, d->undo, err);
}

/* Reads what revert will need, now and after every later change. */
static int capture(const struct gd_ports *p, struct decoded *d, const cJSON *later,
		   struct gd_error *err)
{
	const cJSON *args;

	d->undo = calloc(1, d->injector->undo.size);
	if (!d->undo)
		return gd_raise_nomem(err);
	if (d->injector->capture(p, d->args, d->undo, err) < 0)
		return gd_wrap(err, "%s: capture: ", d->injector->name);
	if (cJSON_GetArraySize(later) > 0 && !d->injector->change)
		return gd_raise(err, GD_E_INPUT, "%s can't change while it is in",
				d->injector->name);
	for (args = later ? later->child : NULL; args; args = args->next)
		if (foresee_one(p, d, args, err) < 0)
			return gd_wrap(err, "%s: a later change: ", d->injector->name);
	return 0;
}

int gd_fault_preflight(const struct gd_ports *p, const char *kind, const cJSON *args,
		       const cJSON *later, struct gd_strbuf *ret_state,
		       struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};

	if (prepare(p, &d, kind, args, err) < 0)
		return -1;
	if (later && capture(p, &d, later, err) < 0)
		return -1;
	if (read_state(p, &d, ret_state, err) < 0)
		return gd_wrap(err, "%s: read state: ", kind);
	return 0;
}

int gd_fault_doctor(const struct gd_ports *p, const struct gd_injector *i,
		    struct gd_strbuf *out, struct gd_error *err)
{
	if (check_needs(i, err) < 0 || i->doctor(p, out, err) < 0)
		return -1;
	return out->failed ? gd_raise_nomem(err) : 0;
}

int gd_fault_capture(const struct gd_ports *p, const char *kind, const cJSON *args,
		     const cJSON *later, struct gd_record *ret, struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};
	GD_AUTO_RECORD struct gd_record r = {0};
	GD_AUTO_STRBUF(before);

	if (prepare(p, &d, kind, args, err) < 0)
		return -1;
	if (read_state(p, &d, &before, err) < 0)
		return gd_wrap(err, "%s: capture: ", kind);
	if (capture(p, &d, later, err) < 0)
		return -1;
	if (gd_copy_text(r.kind, sizeof(r.kind), kind, "kind", err) < 0 ||
	    gd_shape_to_json(&d.injector->args, d.args, &r.args, err) < 0 ||
	    gd_shape_to_json(&d.injector->undo, d.undo, &r.undo, err) < 0)
		return -1;
	name_target(&d, r.target, sizeof(r.target));
	r.before = gd_strbuf_steal(&before);
	if (!r.before)
		return gd_raise_nomem(err);
	*ret = r;
	r = (struct gd_record){0};
	return 0;
}

/* --- during -------------------------------------------------------------------------- */

int gd_fault_apply(const struct gd_ports *p, const struct gd_record *r,
		   struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};

	if (decode(&d, r, err) < 0)
		return gd_wrap(err, "%s: ", r->kind);
	if (d.injector->apply(p, d.args, d.undo, err) < 0)
		return gd_wrap(err, "%s: apply: ", r->kind);
	if (d.injector->verify(p, d.args, d.undo, err) < 0)
		return gd_wrap(err, "%s: verify: ", r->kind);
	return 0;
}

int gd_fault_check_change(const struct gd_record *r, const cJSON *args, cJSON **ret_args,
			  struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};
	char target[64] = "";

	if (decode_args(&d, r->kind, args, err) < 0 || d.injector->check(d.args, err) < 0)
		return gd_wrap(err, "%s: ", r->kind);
	name_target(&d, target, sizeof(target));
	if (strcmp(target, r->target) != 0)
		return gd_raise(err, GD_E_INPUT,
				"%s: it is on %s and can't change to be on %s", r->kind,
				r->target, target);
	if (!d.injector->change)
		return gd_raise(err, GD_E_INPUT, "%s can't change while it is in",
				r->kind);
	return gd_shape_to_json(&d.injector->args, d.args, ret_args, err);
}

int gd_fault_change(const struct gd_ports *p, const struct gd_record *r,
		    struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};

	if (decode(&d, r, err) < 0)
		return gd_wrap(err, "%s: ", r->kind);
	if (d.injector->change(p, d.args, d.undo, err) < 0)
		return gd_wrap(err, "%s: change: ", r->kind);
	if (d.injector->verify(p, d.args, d.undo, err) < 0)
		return gd_wrap(err, "%s: verify: ", r->kind);
	return 0;
}

int gd_fault_state(const struct gd_ports *p, const struct gd_record *r,
		   struct gd_strbuf *out, struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};

	if (decode(&d, r, err) < 0 || read_state(p, &d, out, err) < 0)
		return gd_wrap(err, "%s: read state: ", r->kind);
	return 0;
}

int gd_fault_manual(const struct gd_record *r, struct gd_strbuf *out,
		    struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};

	if (decode(&d, r, err) < 0)
		return gd_wrap(err, "%s: ", r->kind);
	d.injector->manual_captured(d.args, d.undo, out);
	return out->failed ? gd_raise_nomem(err) : 0;
}

int gd_fault_effect(const struct gd_ports *p, const struct gd_record *r,
		    struct gd_effect *ret, struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};

	if (decode(&d, r, err) < 0 || d.injector->effect(p, d.args, d.undo, ret, err) < 0)
		return gd_wrap(err, "%s: effect: ", r->kind);
	return 0;
}

int gd_fault_tend(const struct gd_ports *p, const struct gd_record *r,
		  struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};

	if (decode(&d, r, err) < 0)
		return gd_wrap(err, "%s: ", r->kind);
	if (!d.injector->tend)
		return 0;
	return d.injector->tend(p, d.args, d.undo, err);
}

int gd_fault_understood(const struct gd_record *r, struct gd_error *err)
{
	AUTO_DECODED struct decoded d = {0};

	return decode(&d, r, err);
}

/* --- after --------------------------------------------------------------------------- */

void gd_restored_fini(struct gd_restored *r)
{
	free(r->after);
	r->after = NULL;
}

/* The first line of a that b does not have; its length, 0 when b has them all. */
static size_t only_in(const char *a, const char *b, const char **ret)
{
	for (size_t len; *a; a += len + (a[len] == '\n')) {
		bool found = false;

		len = strcspn(a, "\n");
		for (const char *l = b; *l && !found;) {
			size_t n = strcspn(l, "\n");

			found = n == len && memcmp(l, a, n) == 0;
			l += n + (l[n] == '\n');
		}
		if (!found) {
			*ret = a;
			return len;
		}
	}
	return 0;
}

enum { SHOWN = 60 };

static int shown(size_t len)
{
	return len < SHOWN ? (int)len : SHOWN;
}

/* What differs first, and how to see it. */
static void name_difference(const struct decoded *d, const struct gd_record *r,
			    const char *after, struct gd_error *err)
{
	const char *was = "", *is = "";
	size_t n_was = only_in(r->before, after, &was);
	size_t n_is = only_in(after, r->before, &is);
	GD_AUTO_STRBUF(look);

	d->injector->look(d->args, &look);
	(void)gd_raise(
		err, GD_E_LEFT_BEHIND,
		"%s on %s is not as before: %s%.*s%s%s%.*s%s; see it with `%.200s`",
		r->kind, r->target, n_was ? "was \"" : "", shown(n_was), was,
		n_was ? "\"" : "",
		n_was && n_is ? ", is \""
		: n_is        ? "new is \""
			      : "",
		shown(n_is), is,
		n_is    ? "\""
		: n_was ? ", gone"
			: "the order of lines",
		gd_strbuf_str(&look));
}

/* Reads the state into ret->after and compares. */
static void compare(const struct gd_ports *p, const struct decoded *d,
		    const struct gd_record *r, struct gd_restored *ret)
{
	GD_AUTO_STRBUF(now);
	struct gd_error err = GD_ERROR_INIT;

	gd_restored_fini(ret);
	ret->equal = false;
	if (read_state(p, d, &now, &err) < 0) {
		if (!ret->problem.code)
			ret->problem = err;
		return;
	}
	ret->equal = strcmp(gd_strbuf_str(&now), r->before) == 0;
	ret->after = gd_strbuf_steal(&now);
	if (!ret->equal && !ret->problem.code)
		name_difference(d, r, ret->after ? ret->after : "", &ret->problem);
}

bool gd_fault_is_of_this_boot(const struct gd_record *r)
{
	char boot_id[40];

	gd_boot_id(boot_id);
	return strcmp(boot_id, r->boot_id) == 0;
}

static void try_restore(const struct gd_ports *p, const struct decoded *d,
			const struct gd_record *r, struct gd_restored *ret)
{
	struct gd_span pause = gd_span_ms(20);

	for (int i = 0; i < ATTEMPTS && !ret->equal; i++) {
		if (i > 0) {
			p->time->sleep(p->time->ctx, pause);
			pause.ns *= 4;
		}
		ret->problem = (struct gd_error)GD_ERROR_INIT;
		if (d->injector->revert(p, d->undo, &ret->problem) < 0)
			(void)gd_wrap(&ret->problem, "%s: revert: ", r->kind);
		compare(p, d, r, ret);
	}
	/* A step that failed although all is as before (an object gone by itself) is well. */
	if (ret->equal)
		ret->problem = (struct gd_error)GD_ERROR_INIT;
}

void gd_fault_restore(const struct gd_ports *p, const struct gd_record *r,
		      struct gd_restored *ret)
{
	AUTO_DECODED struct decoded d = {0};
	struct gd_instant start = gd_now();

	*ret = (struct gd_restored){0};
	if (decode(&d, r, &ret->problem) < 0) {
		(void)gd_wrap(&ret->problem, "%s: the undo can't be read: ", r->kind);
		return;
	}
	if (!gd_fault_is_of_this_boot(r)) {
		compare(p, &d, r, ret);
		ret->problem = (struct gd_error)GD_ERROR_INIT;
	}
	if (!ret->equal)
		try_restore(p, &d, r, ret);
	ret->took_ms = gd_between(start, gd_now()).ns / GD_NS_PER_MS;
}
