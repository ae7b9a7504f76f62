/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file: read as YAML, then decoded and checked as each of the three kinds,
 * whatever kind it says it is, and what was found is rendered.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/json.h"
#include "gameday/scenario/plan.h"
#include "gameday/scenario/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fault {
	char *device;
	struct gd_span delay;
	struct gd_list peers;
};
struct peer {
	char *text;
};
static const struct gd_field peer_fields[] = {
	{.name = "peer", .kind = GD_KIND_TEXT, GD_MEMBER(struct peer, text)},
};
static const struct gd_shape peer_shape = {.name = "peer",
					   .fields = peer_fields,
					   .n_fields = 1,
					   .size = sizeof(struct peer),
					   .key_offset = GD_NO_OFFSET,
					   .node_offset = GD_NO_OFFSET,
					   .given_offset = GD_NO_OFFSET,
					   .scalar = true};
static const struct gd_field fault_fields[] = {
	{.name = "device",
	 .kind = GD_KIND_TEXT,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct fault, device)},
	{.name = "delay", .kind = GD_KIND_DURATION, GD_MEMBER(struct fault, delay)},
	{.name = "peers",
	 .kind = GD_KIND_LIST,
	 GD_MEMBER(struct fault, peers),
	 .shape = &peer_shape},
};
static const struct gd_shape fault_shape = GD_SHAPE("slow", fault_fields, struct fault);
static const struct gd_metric_row metrics[] = {{"drops", GD_UNIT_COUNT, ""}, {0}};
static const struct gd_kind_row faults[] = {
	{.name = "slow", .args = &fault_shape, .target_field = "device"}};
static const struct gd_kind_row watches[] = {
	{.name = "nic", .args = &fault_shape, .metrics = metrics}};
static const struct gd_kinds kinds = {faults, 1, watches, 1, NULL};

static void render(struct gd_diags *diags, const char *source, size_t size)
{
	GD_AUTO_STRBUF(out);

	gd_diags_sort(diags);
	gd_diags_render(diags, source, size, &out);
	for (size_t i = 0; i < out.len; i++)
		gd_assert((unsigned char)out.data[i] >= ' ' || out.data[i] == '\n');
}

static void plan(const struct gd_scenario *s, struct gd_diags *diags)
{
	GD_AUTO(cJSON) cJSON *json = NULL;
	struct gd_inventory_host host = {.name = (char[]){"api-1"},
					 .host = (char[]){"h"},
					 .address = (char[]){"::1"}};
	const struct gd_inventory inv = {.hosts = {&host, 1}};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(out);
	struct gd_plan p;

	if (gd_plan_make(s, &inv, &kinds, &p, diags) < 0)
		return;
	gd_plan_print(&p, &out);
	gd_assert(gd_plan_to_json(&p, &json, &err) == 0);
	gd_plan_fini(&p);
}

static void as_scenario(const char *path)
{
	GD_AUTO_DIAGS(diags);
	struct gd_scenario s;
	int rc = gd_scenario_load(path, &s, &diags);

	gd_assert(rc == 0 || diags.n_errors > 0);
	if (s.tree && gd_scenario_check(&s, NULL, &kinds, &diags) == 0 && rc == 0)
		plan(&s, &diags);
	render(&diags, s.source, s.source_size);
	gd_scenario_fini(&s);
}

static void as_inventory(const char *path)
{
	GD_AUTO_DIAGS(diags);
	struct gd_inventory inv;
	int rc = gd_inventory_load(path, &inv, &diags);

	gd_assert(rc == 0 || diags.n_errors > 0);
	render(&diags, inv.source, inv.source_size);
	gd_inventory_fini(&inv);
}

static void as_runbook(const char *path)
{
	GD_AUTO_DIAGS(diags);
	struct gd_runbook r;
	int rc = gd_runbook_load(path, &r, &diags);

	gd_assert(rc == 0 || diags.n_errors > 0);
	if (r.tree)
		gd_assert(gd_runbook_check(&r, &kinds, &diags) == 0 ||
			  diags.n_errors > 0);
	render(&diags, r.source, r.source_size);
	gd_runbook_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GD_AUTO_FD int fd = memfd_create("input", MFD_CLOEXEC);
	struct gd_error err = GD_ERROR_INIT;
	char path[64];

	if (fd < 0 || gd_fd_write_all(fd, data, size, &err) < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	as_scenario(path);
	as_inventory(path);
	as_runbook(path);
	return 0;
}
