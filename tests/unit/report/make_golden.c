/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes metrics.jsonl of the golden run "refuted": a server that answers in 2 to 4 ms,
 * and from second 8.9 to 17.8 loses packets, so that 4 % of attempts wait for TCP's
 * retransmission (200 ms and more) and 2 % run into the timeout of 1 s. Not built with the
 * tests; ninja make_golden && make_golden > data/refuted/metrics.jsonl writes the file again.
 */
#include <stdio.h>
#include <string.h>

#include "gameday/base/clock.h"
#include "gameday/load/interval.h"

#define START_NS (INT64_C(1795442400) * 1000000000)

enum { PER_INTERVAL = 50, INTERVALS = 23 };

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

static int64_t attempt_ns(uint32_t *seed, int64_t at_ms, bool *ret_timeout)
{
	bool lossy = at_ms >= 8900 && at_ms < 17800;
	uint32_t luck = next_random(seed) % 100;

	*ret_timeout = lossy && luck < 2;
	if (*ret_timeout)
		return 1000000000;
	if (lossy && luck < 6)
		return 200000000 + next_random(seed) % 20000000;
	return 2000000 + next_random(seed) % 2000000;
}

/* The retrying client also hedges after 100 ms; the second attempt never comes first. */
static void hedge(struct gd_interval *iv, int64_t ns)
{
	iv->attempts++;
	iv->attempt_outcomes[GD_OUTCOME_CANCELLED]++;
	iv->counts.hedges++;
	iv->counts.cancelled++;
	iv->counts.cancelled_time += (uint64_t)(ns - 100000000);
}

/* What TCP tells of the plain client alone: what is slow waited for a retransmission. */
static void tell_tcp(struct gd_interval *iv, int64_t ns)
{
	if (ns < 150000000)
		return;
	iv->counts.slow++;
	iv->counts.slow_retransmitted++;
	iv->counts.retransmits += ns < 500000000 ? 1 : 3;
}

static void request(struct gd_interval *iv, uint32_t *seed, int64_t at_ms, int attempts)
{
	int64_t total = 0;

	for (int a = 1;; a++) {
		bool timeout;
		int64_t ns = attempt_ns(seed, at_ms, &timeout);

		total += ns;
		if (attempts == 1)
			tell_tcp(iv, ns);
		iv->attempts++;
		iv->retries += a > 1;
		gd_hist_record(iv->attempt_latency, ns);
		iv->attempt_outcomes[timeout ? GD_OUTCOME_TIMEOUT : GD_OUTCOME_OK]++;
		if (!timeout && attempts > 1 && ns > 100000000)
			hedge(iv, ns);
		if (timeout && a < attempts) {
			total += 20000000;
			continue;
		}
		iv->outcomes[timeout ? GD_OUTCOME_TIMEOUT : GD_OUTCOME_OK]++;
		gd_hist_record(iv->latency, total);
		return;
	}
}

static int print(cJSON *line)
{
	char *text = gd_json_print(line);

	if (text)
		(void)puts(text);
	free(text);
	cJSON_Delete(line);
	return text ? 0 : -1;
}

static int interval(const char *client, int attempts, int index, uint32_t *seed)
{
	struct gd_error err = GD_ERROR_INIT;
	struct gd_interval iv = {.load = "checkout",
				 .start_wall_ns = START_NS + (1 + index) * GD_NS_PER_S,
				 .length_ns = GD_NS_PER_S,
				 .index = (uint64_t)index,
				 .intended = PER_INTERVAL,
				 .behind = index == 3,
				 .late = index == 3 ? 4 : 0,
				 .late_max_ns = index == 3 ? 31000000 : 120000,
				 .latency = gd_hist_new(),
				 .attempt_latency = gd_hist_new()};
	cJSON *line = NULL;
	int rc = -1;

	/* Requests pile up while packets are lost, and for a second more. */
	iv.counts.open = index >= 8 && index <= 17 ? 6 : 1;
	iv.counts.retransmits = index >= 8 && index <= 16 ? 3 : 0;
	iv.counts.rtt_samples = 4;
	iv.counts.rtt_sum = 4 * 900000;
	iv.counts.rtt_max = 1100000;
	iv.counts.unacked_max = index >= 8 && index <= 16 ? 2 : 1;
	(void)snprintf(iv.client, sizeof(iv.client), "%s", client);
	for (int i = 0; i < PER_INTERVAL; i++)
		request(&iv, seed, (1 + index) * 1000 + i * 1000 / PER_INTERVAL,
			attempts);
	if (gd_interval_to_json(&iv, &line, &err) == 0)
		rc = print(line);
	gd_interval_fini(&iv);
	return rc;
}

static int sample(int half_seconds)
{
	int64_t ms = 500 * half_seconds;
	double drops = ms < 8900 ? 0 : (double)((ms > 17800 ? 17800 : ms) - 8900) / 20;

	(void)printf(
		"{\"type\":\"watch\",\"role\":\"server\",\"host\":\"api-1\",\"watch\":\"nic\","
		"\"wall_ns\":\"%lld\",\"values\":{\"drops\":%.0f,\"rx_packets\":%lld,"
		"\"carrier\":%d}}\n",
		(long long)(START_NS + ms * GD_NS_PER_MS), 17 + (drops > 0 ? drops : 0),
		(long long)(4000000 + ms / 5), ms > 8600 && ms < 9400 ? 0 : 1);
	return 0;
}

int main(void)
{
	uint32_t seed = 7;
	int rc = 0;

	(void)puts(
		"{\"type\":\"watch_info\",\"watch\":\"nic\",\"gauges\":[\"carrier\"],"
		"\"units\":{\"drops\":\"count\",\"rx_packets\":\"count\",\"carrier\":\"count\"}}");
	for (int i = 0; rc == 0 && i < INTERVALS; i++) {
		rc = interval("plain", 1, i, &seed);
		if (rc == 0)
			rc = interval("retrying", 3, i, &seed);
		if (rc == 0)
			rc = sample(2 * i + 2);
		if (rc == 0)
			rc = sample(2 * i + 3);
	}
	return rc == 0 ? 0 : 1;
}
