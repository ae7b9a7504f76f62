/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network device's counters. `drops` is what an application would call lost in this
 * host: by the card (missed, dropped), by the device's queues, and by the queue of the
 * intermediate device that a gameday fault may have put behind it (gd-NAME; long names
 * give their last 12 characters, as in injectors/device.h). The parts are given as well,
 * and the driver's own statistics whose names speak of drops or errors.
 */
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "gameday/base/file.h"
#include "gameday/base/nic.h"
#include "gameday/watch/tcstat.h"
#include "gameday/watch/watch.h"

/*
 * ethtool has no way to say how much room there is: the kernel writes as many statistics
 * as the driver has at that moment, and with other queues it has another number. So there
 * is room for this many whenever it is asked.
 */
enum { MAX_DRIVER_STATS = 40, MAX_DRIVER_NAMES = 8192 };

struct args {
	char device[IFNAMSIZ];
};

struct driver_stat {
	uint32_t index; /* in ETHTOOL_GSTATS */
	char name[48];
};

/* What a card that counts its misses again and again really missed; see base/nic.h. */
struct recount {
	bool needed, started, known;
	uint64_t counter; /* as last read */
	uint64_t reg;     /* the card's register, as last seen to be added (known) */
	uint64_t missed;  /* since the watch began */
};

struct state {
	struct recount recount;
	char device[IFNAMSIZ], fault_devices[2][IFNAMSIZ];
	int netlink_fd, ioctl_fd;
	uint32_t n_all; /* statistics the driver has */
	struct driver_stat driver[MAX_DRIVER_STATS];
	size_t n_driver;
};

static const struct gd_field arg_rows[] = {
	{.name = "device",
	 .help = "the network device to look at",
	 .kind = GD_KIND_NAME,
	 .flags = GD_FIELD_REQUIRED,
	 GD_MEMBER(struct args, device)},
};

static const struct gd_metric_row metrics[] = {
	{"drops", GD_UNIT_COUNT, "packets lost in the host: card, queues and fault"},
	{"errors", GD_UNIT_COUNT, "packets with errors, received and sent"},
	{"rx_missed", GD_UNIT_COUNT, "packets the card had no descriptor for"},
	{"nic_drops", GD_UNIT_COUNT, "packets the card or its driver dropped"},
	{"qdisc_drops", GD_UNIT_COUNT, "packets the device's queues dropped"},
	{"fault_drops", GD_UNIT_COUNT, "packets a gameday fault dropped"},
	{"rx_packets", GD_UNIT_COUNT, "packets received"},
	{"tx_packets", GD_UNIT_COUNT, "packets sent"},
	{"rx_bytes", GD_UNIT_BYTES, "bytes received"},
	{"tx_bytes", GD_UNIT_BYTES, "bytes sent"},
	{"tcp_retrans", GD_UNIT_COUNT, "TCP segments sent again, on the whole host"},
	{"carrier_changes", GD_UNIT_COUNT, "times the carrier came or went"},
	{0},
};

static const char *const gauges[] = {NULL};

/* --- the driver's statistics --------------------------------------------------------- */

static int ask_driver(const struct state *s, void *data)
{
	struct ifreq req = {0};

	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", s->device);
	req.ifr_data = data;
	return ioctl(s->ioctl_fd, SIOCETHTOOL, &req);
}

static bool is_about_losses(const char *name)
{
	static const char *const words[] = {"drop", "disc", "err",
					    "fifo", "miss", "no_buf"};

	for (size_t i = 0; i < GD_N_ELEMS(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

static void choose_stat(struct state *s, uint32_t index, const char *raw)
{
	struct driver_stat *d = &s->driver[s->n_driver];
	char name[ETH_GSTRING_LEN + 1];

	memcpy(name, raw, ETH_GSTRING_LEN);
	name[ETH_GSTRING_LEN] = '\0';
	if (s->n_driver == MAX_DRIVER_STATS || !is_about_losses(name))
		return;
	/* The same register in two more places. */
	if (s->recount.needed && (strstr(name, "missed") || strstr(name, "no_buffer")))
		return;
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	d->index = index;
	(void)snprintf(d->name, sizeof(d->name), "driver_%s", name);
	s->n_driver++;
}

/* Drivers without statistics are fine: then there are none. */
static int read_names(struct state *s, struct gd_error *err)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	GD_AUTO_FREE struct ethtool_gstrings *names = NULL;

	s->n_driver = 0;
	s->n_all = 0;
	if (ask_driver(s, &info) < 0 || info.n_stats == 0 ||
	    info.n_stats > MAX_DRIVER_NAMES / 2)
		return 0;
	names = calloc(1, sizeof(*names) + (size_t)MAX_DRIVER_NAMES * ETH_GSTRING_LEN);
	if (!names)
		return gd_raise_nomem(err);
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_STATS;
	names->len = info.n_stats;
	if (ask_driver(s, names) < 0)
		return 0;
	s->n_all = names->len < MAX_DRIVER_NAMES ? names->len : MAX_DRIVER_NAMES;
	for (uint32_t i = 0; i < s->n_all; i++)
		choose_stat(s, i,
			    (const char *)names->data + (size_t)i * ETH_GSTRING_LEN);
	return 0;
}

/* --- one sample ---------------------------------------------------------------------- */

static void add(struct gd_watch_sample *out, const char *name, double value)
{
	struct gd_watch_value *v = &out->values[out->n];

	if (out->n == GD_WATCH_MAX_VALUES)
		return;
	(void)snprintf(v->name, sizeof(v->name), "%s", name);
	v->value = value;
	out->n++;
}

/* With another number of them, the names have moved: this sample goes without. */
static void add_driver(struct state *s, struct gd_watch_sample *out)
{
	GD_AUTO_FREE struct ethtool_stats *stats = NULL;
	struct gd_error err;

	if (s->n_driver == 0)
		return;
	stats = calloc(1, sizeof(*stats) + MAX_DRIVER_NAMES * sizeof(stats->data[0]));
	if (!stats)
		return;
	stats->cmd = ETHTOOL_GSTATS;
	stats->n_stats = s->n_all;
	if (ask_driver(s, stats) < 0)
		return;
	if (stats->n_stats != s->n_all) {
		(void)!read_names(s, &err);
		return;
	}
	for (size_t i = 0; i < s->n_driver; i++)
		add(out, s->driver[i].name, (double)stats->data[s->driver[i].index]);
}

/*
 * The value under RetransSegs in the two "Tcp:" lines of /proc/net/snmp, names above
 * values; -1 when the file has another form.
 */
static double read_retransmissions(void)
{
	GD_AUTO_FREE char *text = NULL;
	struct gd_error err;
	char *names, *values, *name_at, *value_at;
	size_t size;

	if (gd_file_read("/proc/thread-self/net/snmp", 64 << 10, &text, &size, &err) < 0)
		return -1;
	names = strstr(text, "Tcp: ");
	values = names ? strstr(names + 1, "\nTcp: ") : NULL;
	if (!values)
		return -1;
	values++;
	name_at = strtok_r(names, " \n", &names);
	value_at = strtok_r(values, " \n", &values);
	while (name_at && value_at && strcmp(name_at, "RetransSegs") != 0) {
		name_at = strtok_r(NULL, " \n", &names);
		value_at = strtok_r(NULL, " \n", &values);
	}
	return name_at && value_at ? strtod(value_at, NULL) : -1;
}

/*
 * The driver adds the register every 2 s and we sample more often, so each growth of the
 * counter is one reading of the register. With a counter of 0 the register was 0, too; else
 * the first growth shows where it stood. A reset of the card, as by a change of its rings,
 * clears the register: then a reading is below the one before and all of it is new.
 */
static uint64_t true_missed(struct recount *r, uint64_t counter)
{
	uint64_t reading = counter - r->counter;

	if (!r->needed)
		return counter;
	if (!r->started) {
		r->started = true;
		r->known = counter == 0;
	} else if (reading > 0) {
		if (r->known)
			r->missed += reading >= r->reg ? reading - r->reg : reading;
		r->known = true;
		r->reg = reading;
	}
	r->counter = counter;
	return r->missed;
}

static void add_link(const struct rtnl_link_stats64 *s, uint64_t missed, uint64_t queue,
		     uint64_t fault, struct gd_watch_sample *out)
{
	uint64_t nic = s->rx_dropped + s->tx_dropped + missed;

	add(out, "drops", (double)(nic + queue + fault));
	add(out, "errors", (double)(s->rx_errors + s->tx_errors));
	add(out, "rx_missed", (double)missed);
	add(out, "nic_drops", (double)nic);
	add(out, "qdisc_drops", (double)queue);
	add(out, "fault_drops", (double)fault);
	add(out, "rx_packets", (double)s->rx_packets);
	add(out, "tx_packets", (double)s->tx_packets);
	add(out, "rx_bytes", (double)s->rx_bytes);
	add(out, "tx_bytes", (double)s->tx_bytes);
}

static int sample(void *state, struct gd_watch_sample *ret, struct gd_error *err)
{
	struct state *s = state;
	struct gd_queue_drops own = {0}, out = {0}, in = {0};
	struct gd_link_counters link = {0};
	double retransmissions = read_retransmissions();
	int rc = gd_tcstat_link(s->netlink_fd, s->device, &link, err);

	if (rc == 1)
		return gd_raise(err, GD_E_SYSTEM, "device %s is gone", s->device);
	if (rc < 0 || gd_tcstat_drops(s->netlink_fd, s->device, &own, err) < 0 ||
	    gd_tcstat_drops(s->netlink_fd, s->fault_devices[0], &out, err) < 0 ||
	    gd_tcstat_drops(s->netlink_fd, s->fault_devices[1], &in, err) < 0)
		return -1;
	ret->n = 0;
	add_link(&link.stats, true_missed(&s->recount, link.stats.rx_missed_errors),
		 own.outer, out.most + in.most, ret);
	if (retransmissions >= 0)
		add(ret, "tcp_retrans", retransmissions);
	add(ret, "carrier_changes", link.carrier_changes);
	add_driver(s, ret);
	return 0;
}

static void close_nic(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	gd_close_fd(&s->netlink_fd);
	gd_close_fd(&s->ioctl_fd);
	free(s);
}

static void name_fault_devices(struct state *s)
{
	static const char marks[] = {'d', 'i'};
	size_t len = strlen(s->device);

	for (size_t i = 0; i < GD_N_ELEMS(marks); i++)
		(void)snprintf(s->fault_devices[i], sizeof(s->fault_devices[i]),
			       "g%c-%.12s", marks[i],
			       s->device + (len > 12 ? len - 12 : 0));
}

static int open_nic(const void *args, void **ret_state, struct gd_error *err)
{
	const struct args *a = args;
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return gd_raise_nomem(err);
	s->netlink_fd = -1;
	s->ioctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)snprintf(s->device, sizeof(s->device), "%s", a->device);
	name_fault_devices(s);
	s->recount.needed = gd_nic_recounts_missed(s->device);
	if (if_nametoindex(s->device) == 0)
		(void)gd_raise(err, GD_E_REFUSED,
			       "there is no network device %s here: `ip link` lists them",
			       s->device);
	else if (s->ioctl_fd < 0)
		(void)gd_raise_errno(err, "socket");
	else if (gd_tcstat_open(&s->netlink_fd, err) == 0 && read_names(s, err) == 0) {
		*ret_state = s;
		return 0;
	}
	close_nic(s);
	return -1;
}

extern const struct gd_watch_kind gd_watch_nic;
const struct gd_watch_kind gd_watch_nic = {
	.name = "nic",
	.summary = "A network device's packets, drops, errors and carrier changes.",
	.args = GD_SHAPE("nic", arg_rows, struct args),
	.metrics = metrics,
	.gauges = gauges,
	.open = open_nic,
	.sample = sample,
	.close = close_nic,
};
