/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a lab. state.json is written as soon as QEMU runs, before anything can go wrong with
 * it: an interrupted `up` is then a lab that `down` can end. A lab from a snapshot that does not
 * come to life within seconds is a reason to forget the snapshot and boot, not to fail.
 */
#include "gameday/lab/lab.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/lab/disks.h"
#include "gameday/lab/image.h"
#include "gameday/lab/interrupt.h"
#include "gameday/lab/inventory.h"
#include "gameday/lab/kernel.h"
#include "gameday/lab/keys.h"
#include "gameday/lab/programs.h"
#include "gameday/lab/qemu.h"
#include "gameday/lab/ready.h"
#include "gameday/lab/snapshot.h"

#define FIRST_PORT 2201
#define CONSOLE_TAIL 400

/* Generous: they end a wait that would never end, on a machine that may have other work. */
static const int COLD_S = 240, WARM_S = 60, SOCKET_S = 5;
/* Until the guest's first word: a third of a second and four seconds on a quiet machine. */
static const int WARM_SILENCE_S = 20, COLD_SILENCE_S = 60;

/* One `up` under way. */
struct rise {
	const struct gd_lab_up_options *options;
	FILE *out;
	struct gd_instant since;
	struct gd_lab_paths paths;
	struct gd_lab_kernel kernel;
	struct gd_lab_image image;
	struct gd_lab_keys keys;
	struct gd_lab_state state;
	struct gd_lab_control control;
	char *version; /* QEMU's */
	char key[GD_SHA256_HEX];
	int dir;   /* the locked state folder */
	int cache; /* the locked cache while it is read or written, else -1 */
};

static void rise_fini(struct rise *r)
{
	gd_lab_paths_fini(&r->paths);
	gd_lab_kernel_fini(&r->kernel);
	gd_lab_image_fini(&r->image);
	gd_lab_keys_fini(&r->keys);
	gd_lab_control_fini(&r->control);
	free(r->version);
	gd_close_fd(&r->dir);
	gd_close_fd(&r->cache);
}

static void tell(const struct rise *r, const char *fmt, ...) GD_PRINTF(2, 3);
static void tell(const struct rise *r, const char *fmt, ...)
{
	int64_t ms = gd_between(r->since, gd_now()).ns / GD_NS_PER_MS;
	va_list ap;

	(void)fprintf(r->out, "lab: %5.1f s  ", (double)ms / 1000);
	va_start(ap, fmt);
	(void)vfprintf(r->out, fmt, ap);
	va_end(ap);
	(void)fputc('\n', r->out);
	(void)fflush(r->out);
}

static void say(void *ctx, const char *text)
{
	tell(ctx, "%s", text);
}

static int cache_hold(struct rise *r, struct gd_error *err)
{
	return r->cache >= 0 ? 0 : gd_lab_cache_lock(&r->paths, &r->cache, err);
}

static int prepare(struct rise *r, struct gd_error *err)
{
	struct gd_lab_qemu q;

	if (gd_lab_programs_check("", err) != 0 || cache_hold(r, err) != 0 ||
	    gd_lab_kernel_get(r->paths.cache, say, r, &r->kernel, err) != 0 ||
	    gd_lab_image_get(r->paths.cache, &r->kernel, say, r, &r->image, err) != 0 ||
	    gd_lab_qemu_version(&r->version, err) != 0)
		return -1;
	if (!r->options->no_kvm && gd_lab_kvm_works(r->paths.cache, r->kernel.vmlinux,
						    r->version, &r->state.kvm, err) != 0)
		return -1;
	q = (struct gd_lab_qemu){.vmlinux = r->kernel.vmlinux,
				 .initrd = r->image.path,
				 .kvm = r->state.kvm,
				 .incoming = -1};
	if (gd_lab_snapshot_key(&q, r->version, &r->image, r->key, err) != 0)
		return -1;
	if (gd_lab_keys_make(r->paths.state, &r->keys, err) != 0)
		return -1;
	return gd_lab_interrupt_check(err);
}

/* QEMU makes its sockets within milliseconds of its start, unless it refuses its command line. */
static int control_connect(struct rise *r, struct gd_error *err)
{
	struct gd_instant end = gd_after(gd_now(), gd_span_s(SOCKET_S));

	for (;;) {
		struct gd_error problem = GD_ERROR_INIT;

		if (gd_lab_control_open(r->paths.state, &r->control, &problem) == 0)
			return 0;
		if (!gd_lab_state_alive(&r->state))
			return gd_raise(err, GD_E_SYSTEM, "QEMU ended at once");
		if (gd_between(gd_now(), end).ns <= 0) {
			*err = problem;
			return -1;
		}
		gd_sleep(gd_span_ms(10));
	}
}

static int machine_start(struct rise *r, int incoming, struct gd_error *err)
{
	struct gd_lab_qemu q = {.vmlinux = r->kernel.vmlinux,
				.initrd = r->image.path,
				.kvm = r->state.kvm,
				.incoming = incoming};

	gd_close_fd(&r->cache); /* all that is needed of it is read, or open */
	if (gd_lab_ports_choose(FIRST_PORT, r->state.ports, err) != 0)
		return -1;
	memcpy(q.ports, r->state.ports, sizeof(q.ports));
	if (gd_lab_qemu_start(&q, r->paths.state, &r->state.pid, err) != 0)
		return -1;
	r->state.start_ticks = gd_lab_process_start(r->state.pid);
	r->state.since = gd_wall_now();
	r->state.restored = incoming >= 0;
	if (gd_lab_state_save(r->paths.state, &r->state, err) != 0)
		return -1;
	return control_connect(r, err);
}

/* Outcome GD_LAB_SILENT. */
static int machine_await(struct rise *r, int silence_s, int limit_s, struct gd_error *err)
{
	if (gd_lab_control_greet(&r->control, &r->keys, err) != 0)
		return -1;
	return gd_lab_ready_await(&r->control, &r->state, gd_span_s(silence_s),
				  gd_span_s(limit_s), say, r, err);
}

/* Ends what `up` has started; what went wrong before is more interesting than trouble here. */
static void machine_stop(struct rise *r)
{
	struct gd_error ignored = GD_ERROR_INIT;

	gd_lab_control_fini(&r->control);
	r->control = (struct gd_lab_control){.fd = -1};
	if (r->state.pid > 1)
		(void)!gd_lab_state_stop(&r->state, &ignored);
	r->state.pid = 0;
}

enum { NO_SNAPSHOT = 1 };

static int restore(struct rise *r, struct gd_error *err)
{
	struct gd_error problem = GD_ERROR_INIT;
	GD_AUTO_FD int incoming = -1;
	int status = gd_lab_snapshot_take(r->paths.cache, r->key, r->paths.state,
					  &incoming, &problem);

	if (status == GD_LAB_NO_SNAPSHOT)
		return NO_SNAPSHOT;
	tell(r, "restoring the snapshot, %s", r->state.kvm ? "KVM" : "emulation");
	if (status == 0)
		status = machine_start(r, incoming, &problem);
	if (status == 0)
		status = machine_await(r, WARM_SILENCE_S, WARM_S, &problem);
	if (status == 0)
		return 0;
	machine_stop(r);
	if (problem.code == GD_E_ABORTED) {
		*err = problem;
		return -1;
	}
	tell(r, "the snapshot does not work (%s): booting instead",
	     status == GD_LAB_SILENT ? "the guest is silent" : problem.text);
	if (cache_hold(r, err) != 0 ||
	    gd_lab_snapshot_drop(r->paths.cache, r->key, err) != 0)
		return -1;
	return NO_SNAPSHOT;
}

/* Outcome GD_LAB_SILENT. */
static int boot_once(struct rise *r, int silence_s, struct gd_error *err)
{
	if (cache_hold(r, err) != 0 ||
	    gd_lab_disks_blank(r->paths.cache, r->paths.state, err) != 0)
		return -1;
	tell(r, "booting %s, %s", r->kernel.release, r->state.kvm ? "KVM" : "emulation");
	if (machine_start(r, -1, err) != 0)
		return -1;
	return machine_await(r, silence_s, COLD_S, err);
}

static int boot(struct rise *r, struct gd_error *err)
{
	int status = boot_once(r, COLD_SILENCE_S, err);

	/* Seen once under emulation: both CPUs stuck for good before init was heard. */
	if (status == GD_LAB_SILENT) {
		tell(r, "the guest is silent: starting it anew");
		machine_stop(r);
		status = boot_once(r, COLD_S, err);
	}
	if (status == GD_LAB_SILENT)
		return gd_raise(err, GD_E_TIMEOUT, "the guest is silent");
	if (status != 0)
		return -1;
	if (r->options->no_snapshot)
		return 0;
	/* A snapshot is a convenience: without it the lab is as good. */
	struct gd_error problem = GD_ERROR_INIT;

	if (cache_hold(r, &problem) != 0 ||
	    gd_lab_snapshot_save(r->paths.cache, r->key, r->paths.state, &problem) != 0)
		tell(r, "no snapshot: %s", problem.text);
	else
		tell(r, "snapshot saved for the next time");
	gd_close_fd(&r->cache);
	return gd_lab_interrupt_check(err);
}

static int rise_run(struct rise *r, struct gd_error *err)
{
	int done = NO_SNAPSHOT;

	if (prepare(r, err) != 0)
		return -1;
	if (!r->options->cold && !r->options->no_snapshot)
		done = restore(r, err);
	if (done == NO_SNAPSHOT)
		done = boot(r, err);
	if (done != 0)
		return -1;
	return gd_lab_inventory_write(r->paths.state, r->state.ports, &r->keys, err);
}

/* The last of what the guest or QEMU said, into the error: the logs are about to go. */
static void log_quote(const char *state, const char *name, struct gd_error *err)
{
	struct gd_error ignored = GD_ERROR_INIT;
	GD_AUTO_FREE char *path = gd_path_join(state, name), *text = NULL, *before = NULL;
	size_t size;

	if (!path || gd_file_read(path, 1 << 20, &text, &size, &ignored) != 0 ||
	    size == 0)
		return;
	before = strdup(err->text);
	if (!before)
		return;
	(void)snprintf(err->text, sizeof(err->text), "%.200s; %s: ...%s", before, name,
		       text + (size > CONSOLE_TAIL ? size - CONSOLE_TAIL : 0));
}

/* Is there a lab already? A dead one is cleared away. Outcome GD_LAB_ALREADY. */
static int state_settle(struct rise *r, struct gd_error *err)
{
	struct gd_lab_state old;
	int found = gd_lab_state_load(r->paths.state, &old, err);

	if (found < 0)
		return -1;
	if (found == GD_LAB_STATE_NONE)
		return 0;
	if (gd_lab_state_alive(&old)) {
		tell(r, "already up; inventory: %s/" GD_LAB_FILE_INVENTORY,
		     r->paths.state);
		return GD_LAB_ALREADY;
	}
	tell(r, "clearing away a lab that died");
	if (gd_lab_paths_clear(&r->paths, err) != 0)
		return -1;
	/* The folder may have gone with it, and our lock is on that one. */
	gd_close_fd(&r->dir);
	return gd_lab_paths_lock(&r->paths, true, &r->dir, err);
}

static int rise_and_clear(struct rise *r, struct gd_error *err)
{
	struct gd_error ignored = GD_ERROR_INIT;
	int settled;

	if (gd_lab_paths_init(&r->paths, err) != 0 ||
	    gd_lab_paths_lock(&r->paths, true, &r->dir, err) != 0)
		return -1;
	settled = state_settle(r, err);
	if (settled != 0)
		return settled;
	if (rise_run(r, err) == 0) {
		tell(r, "up; inventory: %s/" GD_LAB_FILE_INVENTORY, r->paths.state);
		return 0;
	}
	if (err->code == GD_E_ABORTED) {
		tell(r, "interrupted: ending what was started");
	} else {
		log_quote(r->paths.state, GD_LAB_FILE_QEMU_LOG, err);
		log_quote(r->paths.state, GD_LAB_FILE_CONSOLE, err);
	}
	machine_stop(r);
	(void)!gd_lab_paths_clear(&r->paths, &ignored);
	return -1;
}

int gd_lab_up(const struct gd_lab_up_options *options, FILE *out, struct gd_error *err)
{
	struct rise r = {.options = options,
			 .out = out,
			 .since = gd_now(),
			 .control = {.fd = -1},
			 .dir = -1,
			 .cache = -1};
	sigset_t before;
	int status;

	gd_lab_interrupt_hold(&before);
	status = rise_and_clear(&r, err);
	rise_fini(&r);
	gd_lab_interrupt_release(&before);
	return status;
}

int gd_lab_down(struct gd_error *err)
{
	GD_AUTO_LAB_PATHS(paths);
	GD_AUTO_FD int dir = -1;
	struct gd_lab_state s;
	int found;

	if (gd_lab_paths_init(&paths, err) != 0)
		return -1;
	found = gd_lab_paths_lock(&paths, false, &dir, err);
	if (found != 0)
		return found == GD_LAB_NO_STATE ? GD_LAB_WAS_DOWN : -1;
	found = gd_lab_state_load(paths.state, &s, err);
	if (found < 0)
		return -1;
	if (found == 0 && gd_lab_state_stop(&s, err) != 0)
		return -1;
	if (gd_lab_paths_clear(&paths, err) != 0)
		return -1;
	return found == GD_LAB_STATE_NONE ? GD_LAB_WAS_DOWN : 0;
}

int gd_lab_look(struct gd_lab_report *ret, struct gd_error *err)
{
	struct gd_error ignored = GD_ERROR_INIT;
	GD_AUTO_LAB_CONTROL(control);
	GD_AUTO_LAB_REPORT(r);
	int found;

	if (gd_lab_paths_init(&r.paths, err) != 0)
		return -1;
	found = gd_lab_state_load(r.paths.state, &r.state, err);
	if (found < 0)
		return -1;
	r.present = found == 0;
	r.running = r.present && gd_lab_state_alive(&r.state);
	r.answers = r.running &&
		    gd_lab_control_open(r.paths.state, &control, &ignored) == 0 &&
		    gd_lab_control_health(&control, 10000, &r.health, &ignored) == 0;
	*ret = r;
	r = (struct gd_lab_report){0};
	return 0;
}

void gd_lab_report_fini(struct gd_lab_report *r)
{
	gd_lab_paths_fini(&r->paths);
}

/* The state of a lab that runs, or an error that says what to do. */
static int running(struct gd_lab_paths *paths, struct gd_lab_state *s,
		   struct gd_error *err)
{
	int found;

	if (gd_lab_paths_init(paths, err) != 0)
		return -1;
	found = gd_lab_state_load(paths->state, s, err);
	if (found < 0)
		return -1;
	if (found == GD_LAB_STATE_NONE)
		return gd_raise(err, GD_E_REFUSED,
				"the lab is not up: run `gameday lab up`");
	if (!gd_lab_state_alive(s))
		return gd_raise(
			err, GD_E_REFUSED,
			"the lab's QEMU died: run `gameday lab up` to start it again");
	return 0;
}

int gd_lab_inventory(char **ret, struct gd_error *err)
{
	GD_AUTO_LAB_PATHS(paths);
	GD_AUTO_FREE char *client_key = NULL;
	GD_AUTO_LAB_KEYS(keys);
	GD_AUTO_STRBUF(sb);
	struct gd_lab_state s;

	if (running(&paths, &s, err) != 0 ||
	    gd_lab_keys_load(paths.state, &keys, err) != 0)
		return -1;
	client_key = gd_path_join(paths.state, GD_LAB_FILE_CLIENT_KEY);
	if (!client_key)
		return gd_raise_nomem(err);
	gd_lab_inventory_print(s.ports, &keys, client_key, &sb);
	*ret = gd_strbuf_steal(&sb);
	return *ret ? 0 : gd_raise_nomem(err);
}

int gd_lab_ssh(const char *host, const char *const argv[], struct gd_error *err)
{
	GD_AUTO_LAB_PATHS(paths);
	GD_AUTO_FREE char *key = NULL, *known = NULL, *port = NULL;
	const struct gd_lab_host *h = gd_lab_host_find(host);
	const char *args[256] = {"ssh",
				 "-F",
				 "none",
				 "-o",
				 "IdentitiesOnly=yes",
				 "-o",
				 "KexAlgorithms=curve25519-sha256",
				 "-o",
				 "BatchMode=yes",
				 "-o",
				 "StrictHostKeyChecking=yes",
				 "-o",
				 "ConnectTimeout=10"};
	struct gd_lab_state s;
	size_t n = 13;

	if (!h)
		return gd_raise(err, GD_E_INPUT,
				"no host %s: there are api-1 api-2 api-3 r1 r2 client",
				host);
	if (running(&paths, &s, err) != 0)
		return -1;
	key = gd_path_join(paths.state, GD_LAB_FILE_CLIENT_KEY);
	known = gd_strf("UserKnownHostsFile=%s/" GD_LAB_FILE_KNOWN_HOSTS, paths.state);
	port = gd_strf("%u", (unsigned)s.ports[h - gd_lab_hosts]);
	if (!key || !known || !port)
		return gd_raise_nomem(err);
	args[n++] = "-i";
	args[n++] = key;
	args[n++] = "-o";
	args[n++] = known;
	args[n++] = "-p";
	args[n++] = port;
	args[n++] = "root@127.0.0.1";
	for (size_t i = 0; argv[i]; i++) {
		if (n == GD_N_ELEMS(args) - 1)
			return gd_raise(err, GD_E_INPUT, "the command is too long");
		args[n++] = argv[i];
	}
	(void)execvp(args[0], (char *const *)(uintptr_t)args);
	return gd_raise_errno(err, "ssh");
}
