/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/results/verdict.h"

#include <stdio.h>
#include <string.h>

#include "gameday/base/error.h"

static const struct {
	const char *name;
	int exit;
} verdicts[] = {
	[GD_VERDICT_HELD] = {"held", GD_EXIT_HELD},
	[GD_VERDICT_REFUTED] = {"refuted", GD_EXIT_EXPECTATION},
	[GD_VERDICT_INVALID] = {"invalid", GD_EXIT_INVALID},
	[GD_VERDICT_ABORTED] = {"aborted", GD_EXIT_ABORTED},
	[GD_VERDICT_NOT_RUN] = {"not-run", GD_EXIT_PREFLIGHT},
	[GD_VERDICT_LEFT_BEHIND] = {"left-behind", GD_EXIT_LEFT_BEHIND},
};

const char *gd_verdict_name(enum gd_verdict_kind v)
{
	return verdicts[v].name;
}

int gd_verdict_from_name(const char *name)
{
	for (size_t i = 0; i < GD_N_ELEMS(verdicts); i++)
		if (strcmp(name, verdicts[i].name) == 0)
			return (int)i;
	return -1;
}

int gd_verdict_exit(enum gd_verdict_kind v)
{
	return verdicts[v].exit;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static enum gd_verdict_kind strongest(const struct gd_verdict_facts *f)
{
	if (f->n_left_behind > 0 || (f->over && f->n_unwitnessed > 0))
		return GD_VERDICT_LEFT_BEHIND;
	if (f->n_faults == 0 && (f->preflight_failed || f->steady_failed || f->not_run))
		return GD_VERDICT_NOT_RUN;
	if (f->not_run && f->way_back_lost)
		return GD_VERDICT_NOT_RUN;
	if (f->aborted || !f->over)
		return GD_VERDICT_ABORTED;
	if (f->n_without_effect > 0 || f->n_no_data > 0)
		return GD_VERDICT_INVALID;
	return f->n_failed > 0 ? GD_VERDICT_REFUTED : GD_VERDICT_HELD;
}

static void explain_left_behind(const struct gd_verdict_facts *f, char *buf, size_t size)
{
	size_t n = f->n_left_behind + (f->over ? f->n_unwitnessed : 0);

	if (f->n_left_behind > 0)
		(void)snprintf(buf, size, "%zu fault%s could not be put back%s%s", n,
			       plural(n), *f->detail ? ": " : "", f->detail);
	else
		(void)snprintf(buf, size, "nobody saw %zu fault%s being put back%s%s", n,
			       plural(n), *f->detail ? ": " : "", f->detail);
}

static void explain_aborted(const struct gd_verdict_facts *f, char *buf, size_t size)
{
	if (f->aborted && *f->detail)
		(void)snprintf(buf, size, "%s", f->detail);
	else if (f->aborted)
		(void)snprintf(buf, size, "the run was stopped on the way");
	else
		(void)snprintf(buf, size, "the runner died; last event: %s",
			       *f->last_event ? f->last_event : "none");
}

static void explain_invalid(const struct gd_verdict_facts *f, char *buf, size_t size)
{
	if (f->n_without_effect > 0)
		(void)snprintf(
			buf, size,
			"%zu of %zu faults had no verified effect, so the run proves "
			"nothing%s%s",
			f->n_without_effect, f->n_faults, *f->detail ? ": " : "",
			f->detail);
	else
		(void)snprintf(buf, size,
			       "%zu of %zu expectations have no data, so the run proves "
			       "nothing%s%s",
			       f->n_no_data, f->n_expect, *f->detail ? ": " : "",
			       f->detail);
}

static void explain_held(const struct gd_verdict_facts *f, char *buf, size_t size)
{
	if (f->n_expect == 0)
		(void)snprintf(buf, size,
			       "the run declared no expectation, and all was put back");
	else if (f->n_expect == 1)
		(void)snprintf(buf, size, "the one expectation was met");
	else
		(void)snprintf(buf, size, "all %zu expectations were met", f->n_expect);
}

static const char *why_not_run(const struct gd_verdict_facts *f)
{
	if (f->way_back_lost)
		return "the way back to the host was lost";
	if (f->preflight_failed)
		return "preflight failed";
	return f->steady_failed ? "the steady state did not hold"
				: "the run could not start";
}

static void explain(const struct gd_verdict_facts *f, enum gd_verdict_kind kind,
		    char *buf, size_t size)
{
	switch (kind) {
	case GD_VERDICT_LEFT_BEHIND:
		explain_left_behind(f, buf, size);
		break;
	case GD_VERDICT_NOT_RUN:
		(void)snprintf(buf, size, "%s: %s%s%s",
			       f->n_faults ? "nothing stayed in after its trial"
					   : "nothing was injected",
			       why_not_run(f), *f->detail ? ": " : "", f->detail);
		break;
	case GD_VERDICT_ABORTED:
		explain_aborted(f, buf, size);
		break;
	case GD_VERDICT_INVALID:
		explain_invalid(f, buf, size);
		break;
	case GD_VERDICT_REFUTED:
		(void)snprintf(buf, size, "%zu of %zu expectations failed%s%s",
			       f->n_failed, f->n_expect, *f->detail ? ": " : "",
			       f->detail);
		break;
	case GD_VERDICT_HELD:
		explain_held(f, buf, size);
		break;
	}
}

void gd_verdict_decide(const struct gd_verdict_facts *facts, struct gd_verdict *ret)
{
	struct gd_verdict_facts f = *facts;

	f.detail = f.detail ? f.detail : "";
	f.last_event = f.last_event ? f.last_event : "";
	ret->kind = strongest(&f);
	ret->exit = gd_verdict_exit(ret->kind);
	explain(&f, ret->kind, ret->reason, sizeof(ret->reason));
}
