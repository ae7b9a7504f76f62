/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hour DIR: writes the records of a run of one hour, 5 loads by 4 policies, 4 hosts with two
 * watches each, as the runner would have: 1 s intervals, 100 requests/s per client. What is
 * slow about rendering a large run shows with it (run.sh).
 */
#include <stdio.h>
#include <string.h>

#include "gameday/base/clock.h"
#include "gameday/base/file.h"
#include "gameday/load/interval.h"

#define START_NS (INT64_C(1795442400) * GD_NS_PER_S)

enum { LOADS = 5, CLIENTS = 4, HOSTS = 4, SECONDS = 3600, RATE = 100 };
/* Seconds of the run: baseline, two fault stages with a pause, recovery. */
enum { FIRST = 600, FIRST_OUT = 1500, SECOND = 1800, SECOND_OUT = 3000 };

static const char *const loads[LOADS] = {"checkout", "search", "cart", "login", "feed"};
static const char *const clients[CLIENTS] = {"plain", "retrying", "hedging", "budgeted"};

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

static bool faulty(int second)
{
	return (second >= FIRST && second < FIRST_OUT) ||
	       (second >= SECOND && second < SECOND_OUT);
}

/* Answers take 2 to 6 ms; under a fault one in 20 waits, one in 100 times out. */
static void one_request(struct gd_interval *iv, uint32_t *seed, int second, int client)
{
	uint32_t luck = next_random(seed) % 100;
	int64_t ns = 2000000 + next_random(seed) % 4000000;
	bool lost = faulty(second) && luck == 0;

	if (faulty(second) && luck < 5)
		ns = 200000000 + next_random(seed) % 40000000;
	iv->attempts++;
	if (lost && client > 0) {
		iv->attempts++;
		iv->retries++;
		iv->attempt_outcomes[GD_OUTCOME_TIMEOUT]++;
		gd_hist_record(iv->attempt_latency, GD_NS_PER_S);
		lost = false;
	}
	ns = lost ? GD_NS_PER_S : ns;
	iv->attempt_outcomes[lost ? GD_OUTCOME_TIMEOUT : GD_OUTCOME_OK]++;
	iv->outcomes[lost ? GD_OUTCOME_TIMEOUT : GD_OUTCOME_OK]++;
	gd_hist_record(iv->attempt_latency, ns);
	gd_hist_record(iv->latency, ns);
}

static int put_line(FILE *to, cJSON *line)
{
	char *text = gd_json_print(line);
	int rc = text && fprintf(to, "%s\n", text) > 0 ? 0 : -1;

	free(text);
	cJSON_Delete(line);
	return rc;
}

static int put_interval(FILE *to, int load, int client, int second, uint32_t *seed)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_interval iv = {.start_wall_ns = START_NS + second * GD_NS_PER_S,
				 .length_ns = GD_NS_PER_S,
				 .index = (uint64_t)second,
				 .intended = RATE,
				 .latency = gd_hist_new(),
				 .attempt_latency = gd_hist_new()};
	cJSON *line = NULL;
	int rc = -1;

	(void)snprintf(iv.load, sizeof(iv.load), "%s", loads[load]);
	(void)snprintf(iv.client, sizeof(iv.client), "%s", clients[client]);
	iv.counts.open = faulty(second) ? 9 : 2;
	iv.counts.retransmits = faulty(second) ? 4 : 0;
	iv.counts.rtt_samples = 4;
	iv.counts.rtt_sum = 3600000;
	iv.counts.rtt_max = 1100000;
	for (int i = 0; i < RATE; i++)
		one_request(&iv, seed, second, client);
	if (gd_interval_to_json(&iv, &line, &err) == 0)
		rc = put_line(to, line);
	gd_interval_fini(&iv);
	return rc;
}

static int put_samples(FILE *to, int second, uint32_t *seed)
{
	long long wall = START_NS + second * GD_NS_PER_S;

	for (int h = 0; h < HOSTS; h++)
		if (fprintf(to,
			    "{\"type\":\"watch\",\"role\":\"server\",\"host\":\"api-%d\","
			    "\"watch\":\"nic\",\"wall_ns\":\"%lld\",\"values\":{\"drops\":%d,"
			    "\"rx_packets\":%d,\"tx_packets\":%d,\"carrier\":1}}\n"
			    "{\"type\":\"watch\",\"role\":\"server\",\"host\":\"api-%d\","
			    "\"watch\":\"disk\",\"wall_ns\":\"%lld\",\"values\":{"
			    "\"flush_p99\":%u,\"flushes\":%d}}\n",
			    h + 1, wall, faulty(second) ? second : 0, second * 1000,
			    second * 900, h + 1, wall,
			    400000 + next_random(seed) % 100000, second * 7) < 0)
			return -1;
	return 0;
}

static int put_metrics(FILE *to)
{
	uint32_t seed = 11;
	int rc =
		fputs("{\"type\":\"watch_info\",\"watch\":\"nic\",\"gauges\":[\"carrier\"],"
		      "\"units\":{\"drops\":\"count\"}}\n"
		      "{\"type\":\"watch_info\",\"watch\":\"disk\",\"gauges\":[\"flush_p99\"],"
		      "\"units\":{\"flush_p99\":\"duration\"}}\n",
		      to) < 0
			? -1
			: 0;

	for (int s = 0; rc == 0 && s < SECONDS; s++) {
		for (int i = 0; rc == 0 && i < LOADS * CLIENTS; i++)
			rc = put_interval(to, i / CLIENTS, i % CLIENTS, s, &seed);
		if (rc == 0)
			rc = put_samples(to, s, &seed);
	}
	return rc;
}

static int put_event(FILE *to, int second, const char *rest)
{
	return fprintf(to, "{\"wall_ns\":\"%lld\",%s}\n",
		       (long long)(START_NS + second * GD_NS_PER_S), rest) < 0
		       ? -1
		       : 0;
}

static int put_journal(FILE *to)
{
	static const struct {
		int second;
		const char *rest;
	} events[] = {
		{0, "\"event\":\"run_started\",\"run\":\"hour\",\"scenario\":\"hour\","
		    "\"title\":\"An hour\",\"version\":\"0\""},
		{0,
		 "\"event\":\"stage_begin\",\"stage\":\"baseline\",\"kind\":\"baseline\""},
		{0, "\"event\":\"stage_measured\",\"stage\":\"baseline\""},
		{FIRST, "\"event\":\"stage_end\",\"stage\":\"baseline\""},
		{FIRST,
		 "\"event\":\"stage_begin\",\"stage\":\"first\",\"kind\":\"fault\""},
		{FIRST,
		 "\"event\":\"fault_injecting\",\"ref\":\"first.1.netem@api-1\","
		 "\"stage\":\"first\",\"role\":\"server\",\"host\":\"api-1\",\"kind\":"
		 "\"netem\",\"describe\":\"eth0: lose 5 % of outgoing packets\""},
		{FIRST, "\"event\":\"fault_injected\",\"ref\":\"first.1.netem@api-1\","
			"\"before\":\"qdisc noqueue root\",\"took_ms\":40"},
		{FIRST, "\"event\":\"stage_measured\",\"stage\":\"first\""},
		{FIRST_OUT, "\"event\":\"stage_end\",\"stage\":\"first\""},
		{FIRST_OUT,
		 "\"event\":\"fault_reverted\",\"ref\":\"first.1.netem@api-1\","
		 "\"host\":\"api-1\",\"before\":\"qdisc noqueue root\",\"after\":"
		 "\"qdisc noqueue root\",\"equal\":true,\"took_ms\":12"},
		{FIRST_OUT,
		 "\"event\":\"stage_begin\",\"stage\":\"pause\",\"kind\":\"recovery\""},
		{FIRST_OUT, "\"event\":\"stage_measured\",\"stage\":\"pause\""},
		{SECOND, "\"event\":\"stage_end\",\"stage\":\"pause\""},
		{SECOND,
		 "\"event\":\"stage_begin\",\"stage\":\"second\",\"kind\":\"fault\""},
		{SECOND,
		 "\"event\":\"fault_injecting\",\"ref\":\"second.1.netem@api-2\","
		 "\"stage\":\"second\",\"role\":\"server\",\"host\":\"api-2\",\"kind\":"
		 "\"netem\",\"describe\":\"eth0: lose 5 % of outgoing packets\""},
		{SECOND, "\"event\":\"fault_injected\",\"ref\":\"second.1.netem@api-2\","
			 "\"before\":\"qdisc noqueue root\",\"took_ms\":40"},
		{SECOND, "\"event\":\"stage_measured\",\"stage\":\"second\""},
		{SECOND_OUT, "\"event\":\"stage_end\",\"stage\":\"second\""},
		{SECOND_OUT,
		 "\"event\":\"fault_reverted\",\"ref\":\"second.1.netem@api-2\","
		 "\"host\":\"api-2\",\"before\":\"qdisc noqueue root\",\"after\":"
		 "\"qdisc noqueue root\",\"equal\":true,\"took_ms\":12"},
		{SECOND_OUT,
		 "\"event\":\"stage_begin\",\"stage\":\"recovery\",\"kind\":\"recovery\""},
		{SECOND_OUT, "\"event\":\"stage_measured\",\"stage\":\"recovery\""},
		{SECONDS, "\"event\":\"stage_end\",\"stage\":\"recovery\""},
		{SECONDS, "\"event\":\"run_ended\",\"end\":\"completed\""},
	};

	for (size_t i = 0; i < GD_N_ELEMS(events); i++)
		if (put_event(to, events[i].second, events[i].rest) < 0)
			return -1;
	return 0;
}

static int put_file(const char *dir, const char *name, int (*put)(FILE *to))
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);
	FILE *to = path ? fopen(path, "we") : NULL;
	int rc;

	if (!to)
		return -1;
	rc = put(to);
	return fclose(to) == 0 ? rc : -1;
}

int main(int argc, char **argv)
{
	if (argc != 2 || put_file(argv[1], "journal.jsonl", put_journal) < 0 ||
	    put_file(argv[1], "metrics.jsonl", put_metrics) < 0) {
		(void)fputs("usage: hour DIR (one that is there)\n", stderr);
		return 1;
	}
	return 0;
}
