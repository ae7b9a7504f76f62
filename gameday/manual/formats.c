/* SPDX-License-Identifier: Apache-2.0 */
/* gameday-scenario(5), -inventory(5), -runbook(5): from the tables that decode the files. */
#include "gameday/scenario/formats.h"
#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/load/counts.h"
#include "gameday/manual/page.h"
#include "gameday/scenario/condition.h"
#include "gameday/watch/watch.h"

static const char *unit_words(enum gd_metric_unit unit)
{
	switch (unit) {
	case GD_UNIT_DURATION:
		return "a duration";
	case GD_UNIT_RATIO:
		return "a share, as 99.9%";
	case GD_UNIT_FREQ:
		return "a rate, as 200/s";
	case GD_UNIT_BYTES:
		return "bytes";
	case GD_UNIT_COUNT:
		break;
	}
	return "a number";
}

static void add_metric(const char *name, enum gd_metric_unit unit, const char *help,
		       struct gd_strbuf *out)
{
	gd_strbuf_addf(out, "**%s**\n:   ", name);
	gd_page_text(help, out);
	gd_strbuf_addf(out, " (%s)\n\n", unit_words(unit));
}

static void add_metrics(const struct gd_metric_row *rows, struct gd_strbuf *out)
{
	for (; rows->name; rows++)
		add_metric(rows->name, rows->unit, rows->help, out);
}

static void add_conditions(struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# CONDITIONS\n\n```\n"
			    "METRIC [in STAGE] OP VALUE [for DURATION]\n"
			    "METRIC [in STAGE] OP FACTORx STAGE [for DURATION]\n```\n\n");
	gd_page_details(
		"METRIC is LOAD.CLIENT.NAME, LOAD.NAME for the only client, or "
		"ROLE.WATCH.NAME. OP is\n"
		"one of < <= > >= == and !=. VALUE has a unit that fits the metric. In a "
		"runbook, LOAD,\n"
		"CLIENT, ROLE and STAGE may be * for any.\n",
		out);
	gd_strbuf_adds(out, "## Metrics of a load\n\n");
	add_metrics(gd_load_metrics, out);
	for (const struct gd_watch_kind *const *w = gd_watch_kinds; *w; w++) {
		gd_strbuf_addf(out, "## Metrics of the watch %s\n\n", (*w)->name);
		add_metrics((*w)->metrics, out);
	}
}

static void add_watches(struct gd_strbuf *out)
{
	gd_strbuf_adds(out, "# WATCHES\n\nUnder *watch* each item is one of these, with "
			    "*on* as the role it looks at.\n\n");
	for (const struct gd_watch_kind *const *w = gd_watch_kinds; *w; w++) {
		gd_strbuf_addf(out, "## %s\n\n", (*w)->name);
		gd_page_text((*w)->summary, out);
		gd_strbuf_adds(out, "\n\n");
		gd_page_keys((&(*w)->args), out);
	}
}

static int put_scenario(const struct gd_manual *m, struct gd_error *err)
{
	GD_AUTO_STRBUF(text);

	gd_page_head("gameday-scenario", 5, "what a game day does and expects", &text);
	gd_strbuf_adds(&text, "# DESCRIPTION\n\n");
	gd_page_details(
		"A YAML file. Unknown keys, units and names are errors with their "
		"place.\n",
		&text);
	gd_strbuf_adds(&text, "# KEYS\n\n");
	gd_page_keys_deep(&gd_scenario_shape, "##", &text);
	gd_strbuf_adds(&text, "# HOSTS\n\nA role is played by a host of the inventory, "
			      "*role: NAME*, or:\n\n");
	gd_page_keys(&gd_role_shape, &text);
	gd_strbuf_adds(&text, "# STAGES\n\nA list of *NAME: {KEYS}*, first *baseline*, "
			      "then stages with faults, last *recovery*.\n\n");
	gd_page_keys_deep(&gd_stage_shape, "##", &text);
	gd_strbuf_adds(&text, "# FAULTS\n\nA list of *FAULT: {KEYS}*. The faults have "
			      "pages of their own, as **gameday-netem**(7). These keys "
			      "go with every fault:\n\n");
	gd_page_keys(&gd_use_shape, &text);
	gd_strbuf_adds(&text, "Instead of a number that can change while the fault is "
			      "in:\n\n");
	gd_page_keys(&gd_ramp_shape, &text);
	add_watches(&text);
	add_conditions(&text);
	gd_strbuf_adds(&text, "# SEE ALSO\n\n**gameday-check**(1), **gameday-plan**(1), "
			      "**gameday-inventory**(5), **gameday-runbook**(5)\n");
	return m->put(m->ctx, "gameday-scenario.5.md", &text, err);
}

static int put_file(const struct gd_manual *m, const char *name, const char *summary,
		    const char *example, const struct gd_shape *shape,
		    struct gd_error *err)
{
	GD_AUTO_FREE char *file = gd_strf("%s.5.md", name);
	GD_AUTO_STRBUF(text);

	if (!file)
		return gd_raise_nomem(err);
	gd_page_head(name, 5, summary, &text);
	gd_strbuf_adds(&text, "# KEYS\n\n");
	gd_page_keys_deep(shape, "##", &text);
	gd_strbuf_addf(&text, "# EXAMPLE\n\n```\n%s```\n\n", example);
	gd_strbuf_adds(&text, "# SEE ALSO\n\n**gameday-check**(1), "
			      "**gameday-scenario**(5)\n");
	return m->put(m->ctx, file, &text, err);
}

int gd_manual_formats(const struct gd_manual *m, struct gd_error *err)
{
	if (put_scenario(m, err) < 0 ||
	    put_file(m, "gameday-inventory", "the hosts a scenario may touch",
		     "inventory: shop\nhosts:\n  api-1: {host: 192.0.2.11, user: ops, "
		     "tags: [api]}\n  api-2: {jump: bastion.example, tags: [api]}\n",
		     &gd_inventory_shape, err) < 0)
		return -1;
	return put_file(m, "gameday-runbook",
			"detection, diagnosis, mitigation and prevention of an incident",
			"incident_type: Silent packet loss\nseverity: P2\ndetection:\n"
			"  - symptom: p99 is up, CPU is not\n"
			"    when: \"*.*.p99 > 2x baseline for 5s\"\n"
			"diagnosis_steps:\n  - step: NIC statistics\n"
			"    command: ethtool -S eth0 | grep -E 'drop|miss'\n"
			"mitigation:\n  - action: rings to their maximum\n"
			"    command: ethtool -G eth0 rx 4096 tx 4096\n"
			"prevention:\n  - ring sizes in the hosts' bootstrap\n",
			&gd_runbook_shape, err);
}
