/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gameday lab: the operands begin with what to do, and behind it come its own few words. They are
 * read here by hand because `lab ssh HOST CMD...` must hand options through untouched.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/clock.h"
#include "gameday/base/json.h"
#include "gameday/cli/cmd.h"
#include "gameday/lab/lab.h"
#include "gameday/torture/torture.h"

extern const struct gd_cmd gd_cmd_lab;

struct options {
	bool cold, no_snapshot, emulate, json, quick;
};

static const struct gd_field fields[] = {
	{.name = "cold",
	 .help = "up: boot even if there is a snapshot",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, cold)},
	{.name = "no_snapshot",
	 .help = "up: neither use nor save a snapshot",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, no_snapshot)},
	{.name = "emulate",
	 .help = "up: do without KVM",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, emulate)},
	{.name = "json",
	 .help = "status, torture: as JSON",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, json)},
	{.name = "quick",
	 .help = "torture: each victim and each fault once",
	 .kind = GD_KIND_BOOL,
	 GD_MEMBER(struct options, quick)},
};

struct verb {
	const char *name;
	size_t min_operands, max_operands; /* behind the verb, options taken out */
	int (*run)(const struct options *o, const char *const operands[], size_t n,
		   struct gd_error *err);
};

static int up(const struct options *o, const char *const operands[], size_t n,
	      struct gd_error *err)
{
	const struct gd_lab_up_options options = {
		.cold = o->cold, .no_snapshot = o->no_snapshot, .no_kvm = o->emulate};

	(void)operands;
	(void)n;
	return gd_lab_up(&options, stdout, err) < 0 ? -1 : GD_EXIT_HELD;
}

static int down(const struct options *o, const char *const operands[], size_t n,
		struct gd_error *err)
{
	int r = gd_lab_down(err);

	(void)o;
	(void)operands;
	(void)n;
	if (r < 0)
		return -1;
	(void)puts(r == GD_LAB_WAS_DOWN ? "lab: is not up" : "lab: down");
	return GD_EXIT_HELD;
}

static int inventory(const struct options *o, const char *const operands[], size_t n,
		     struct gd_error *err)
{
	GD_AUTO_FREE char *text = NULL;

	(void)o;
	(void)operands;
	(void)n;
	if (gd_lab_inventory(&text, err) != 0)
		return -1;
	(void)fputs(text, stdout);
	return GD_EXIT_HELD;
}

static int ssh(const struct options *o, const char *const operands[], size_t n,
	       struct gd_error *err)
{
	(void)o;
	(void)n;
	/* The operands are argv's own tail, which ends with a NULL. */
	return gd_lab_ssh(operands[0], operands + 1, err);
}

static int torture(const struct options *o, const char *const operands[], size_t n,
		   struct gd_error *err)
{
	const struct gd_torture_options options = {
		.quick = o->quick, .json = o->json, .only = n > 0 ? operands[0] : NULL};

	return gd_torture(&options, stdout, err);
}

/* --- status -------------------------------------------------------------------------- */

static const char *state_word(const struct gd_lab_report *r)
{
	size_t ok = 0, n = gd_lab_health_count(&r->health, NULL, &ok);

	if (!r->present)
		return "down";
	if (!r->running)
		return "died";
	if (!r->answers)
		return "no answer";
	return ok == n ? "healthy" : "degraded";
}

static int64_t uptime_s(const struct gd_lab_report *r)
{
	return (gd_wall_now().ns - r->state.since.ns) / GD_NS_PER_S;
}

static cJSON *host_json(const struct gd_lab_report *r, size_t i)
{
	const struct gd_lab_host *h = &gd_lab_hosts[i];
	cJSON *json = cJSON_CreateObject(), *services = cJSON_CreateObject();
	bool ok = json && services && gd_json_set_int(json, "port", r->state.ports[i]) &&
		  gd_json_set_str(json, "address", h->address);

	for (size_t k = 0; ok && k < r->health.n; k++)
		if (strcmp(r->health.probes[k].host, h->name) == 0)
			ok = gd_json_set_bool(services, r->health.probes[k].what,
					      r->health.probes[k].ok);
	if (ok) {
		ok = gd_json_set(json, "services", services);
		services = NULL;
	}
	if (ok)
		return json;
	cJSON_Delete(services);
	cJSON_Delete(json);
	return NULL;
}

static int status_json(const struct gd_lab_report *r, struct gd_error *err)
{
	GD_AUTO(cJSON) cJSON *json = cJSON_CreateObject();
	GD_AUTO_FREE char *text = NULL;
	bool ok = json && gd_json_set_str(json, "state", state_word(r)) &&
		  gd_json_set_str(json, "directory", r->paths.state);

	if (ok && r->present)
		ok = gd_json_set_int(json, "pid", r->state.pid) &&
		     gd_json_set_str(json, "accelerator", r->state.kvm ? "kvm" : "tcg") &&
		     gd_json_set_bool(json, "restored", r->state.restored) &&
		     gd_json_set_int(json, "uptime_s", uptime_s(r)) &&
		     gd_json_set(json, "hosts", cJSON_CreateObject());
	for (size_t i = 0; ok && r->present && i < GD_LAB_N_HOSTS; i++)
		ok = gd_json_set(cJSON_GetObjectItemCaseSensitive(json, "hosts"),
				 gd_lab_hosts[i].name, host_json(r, i));
	text = ok ? gd_json_print_pretty(json) : NULL;
	if (!text)
		return gd_raise_nomem(err);
	(void)puts(text);
	return 0;
}

static void host_print(const struct gd_lab_report *r, size_t i)
{
	const struct gd_lab_host *h = &gd_lab_hosts[i];

	(void)printf("  %-7s 127.0.0.1:%-5u  %-11s", h->name, (unsigned)r->state.ports[i],
		     h->address);
	for (size_t k = 0; k < r->health.n; k++)
		if (strcmp(r->health.probes[k].host, h->name) == 0)
			(void)printf(" %s %s", r->health.probes[k].what,
				     r->health.probes[k].ok ? "ok" : "DOWN");
	(void)putchar('\n');
}

static void status_print(const struct gd_lab_report *r)
{
	(void)printf("lab: %s\n", state_word(r));
	if (!r->present)
		return;
	(void)printf("  QEMU    pid %ld, %s, %s %lld s ago\n", (long)r->state.pid,
		     r->state.kvm ? "KVM" : "emulation",
		     r->state.restored ? "restored" : "booted", (long long)uptime_s(r));
	(void)printf("  files   %s\n", r->paths.state);
	if (!r->running)
		(void)puts(
			"  its QEMU is gone: `gameday lab up` or `gameday lab down` clears up");
	for (size_t i = 0; r->running && i < GD_LAB_N_HOSTS; i++)
		host_print(r, i);
}

static int status(const struct options *o, const char *const operands[], size_t n,
		  struct gd_error *err)
{
	GD_AUTO_LAB_REPORT(r);

	(void)operands;
	(void)n;
	if (gd_lab_look(&r, err) != 0)
		return -1;
	if (!o->json)
		status_print(&r);
	else if (status_json(&r, err) != 0)
		return -1;
	return strcmp(state_word(&r), "healthy") == 0 ? GD_EXIT_HELD
						      : GD_EXIT_EXPECTATION;
}

/* --- which of them ------------------------------------------------------------------- */

static const struct verb verbs[] = {
	{"up", 0, 0, up},
	{"down", 0, 0, down},
	{"status", 0, 0, status},
	{"ssh", 1, SIZE_MAX, ssh},
	{"inventory", 0, 0, inventory},
	{"torture", 0, 1, torture},
};

/* An option behind the verb, as people type it. */
static bool option_take(const char *word, struct options *o)
{
	const struct {
		const char *name;
		bool *flag;
	} known[] = {{"--cold", &o->cold},
		     {"--no-snapshot", &o->no_snapshot},
		     {"--emulate", &o->emulate},
		     {"--json", &o->json},
		     {"--quick", &o->quick}};

	for (size_t i = 0; i < GD_N_ELEMS(known); i++)
		if (strcmp(word, known[i].name) == 0) {
			*known[i].flag = true;
			return true;
		}
	return false;
}

static int run(const struct gd_cmd_args *args, struct gd_error *err)
{
	const char *const *operands = args->operands + 1;
	size_t n = args->n_operands - 1;
	struct options o = *(const struct options *)args->options;
	const struct verb *v = NULL;

	for (size_t i = 0; i < GD_N_ELEMS(verbs); i++)
		if (strcmp(args->operands[0], verbs[i].name) == 0)
			v = &verbs[i];
	if (!v)
		return gd_raise(
			err, GD_E_INPUT,
			"`%s` is none of up, down, status, ssh, inventory, torture",
			args->operands[0]);
	if (v->run != ssh)
		while (n > 0 && option_take(operands[0], &o)) {
			operands++;
			n--;
		}
	if (n < v->min_operands)
		return gd_raise(err, GD_E_INPUT, "%s: which host?", v->name);
	if (n > v->max_operands)
		return gd_raise(err, GD_E_INPUT, "%s: `%s` is not understood", v->name,
				operands[0]);
	return v->run(&o, operands, n, err);
}

const struct gd_cmd gd_cmd_lab = {
	.name = "lab",
	.synopsis =
		"up|down|status|ssh HOST [COMMAND...]|inventory|torture [STEP/VICTIM]",
	.summary = "a rehearsal lab of six hosts in one virtual machine, without root",
	.details =
		"up boots Debian's own kernel in QEMU, or restores the last lab's snapshot in\n"
		"seconds, and waits until SSH and all services answer: etcd and nginx on api-1,\n"
		"api-2 and api-3, BIRD on r1 and r2, and client, which reaches the API hosts only\n"
		"over the route that r1 and r2 exchange by BGP. Use `-i lab` or the printed\n"
		"inventory to aim scenarios at it.\n"
		"\n"
		"torture proves that nothing stays behind: it runs every fault again and again, at each\n"
		"step kills or stops runner, agent, guardian or SSH session, cuts the link or steps the\n"
		"clock, and compares the whole host with how it was before. With everybody dead it\n"
		"also types the lines of the run's undo.md. It prints the matrix and exits with 5 if\n"
		"anything differs. STEP/VICTIM, as in held/agent, '*/link', held/by-hand or\n"
		"'api-2:*/runner', tries only these. --quick tries every victim and every fault once.\n"
		"\n"
		"The lab lives in $GAMEDAY_LAB_DIR, else $XDG_STATE_HOME/gameday/lab; down removes\n"
		"it. Kernel, image and snapshot stay in $XDG_CACHE_HOME/gameday/lab. Its SSH keys\n"
		"are new every time. status exits with 0 only if everything is healthy.",
	.example =
		"gameday lab up && gameday lab ssh client curl -s http://10.20.0.11:8080/healthz",
	.options = GD_SHAPE("lab", fields, struct options),
	.min_operands = 1,
	.max_operands = 250,
	.raw = true,
	.run = run,
};
