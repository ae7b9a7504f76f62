/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/report/section.h"

static gd_section_fn *const sections[] = {
	gd_section_head,         gd_section_charts,      gd_section_findings,
	gd_section_noted,        gd_section_figures,     gd_section_vantages,
	gd_section_policies,     gd_section_ranking,     gd_section_signals,
	gd_section_expectations, gd_section_steady,      gd_section_runbook,
	gd_section_people,       gd_section_faults,      gd_section_timeline,
	gd_section_environment,  gd_section_measurement,
};

void gd_sections_write(const struct gd_report *r, struct gd_doc *d)
{
	for (size_t i = 0; i < GD_N_ELEMS(sections); i++)
		sections[i](r, d);
}

void gd_section_value(struct gd_doc *d, double v, enum gd_metric_unit unit)
{
	char buf[32];

	gd_doc_cell(d, gd_metric_format(v, unit, buf));
}

void gd_section_who(struct gd_doc *d, const char *load, const char *client,
		    const char *stage)
{
	gd_doc_cellf(d, "%s.%s", load, client);
	gd_doc_cell(d, stage);
}
