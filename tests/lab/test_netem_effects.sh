#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What packets suffer is what was asked for, in numbers: the shape of every jitter, shares and
# lengths of losses, duplicates, damage, overtaking, delay and rate.
#
# Counts and quantiles are held to 4 or 5 of their own standard deviations, worked out from as
# many packets as there were, so that a slow machine widens the bounds instead of breaking
# them. A busy machine makes some round trips longer and none shorter. How much, round trips on
# the same way and at the same time tell that are spared by the faults: their lower decile is
# the zero of all others, and a quantile may be above what was asked by as much as theirs.
. "$(dirname "$0")/functions.sh"

"$GD" lab inventory >"$WORK/inventory.yaml"
for host in api-1 api-2 api-3 client; do
	on $host 'ip link del t-dum 2>/dev/null; ip link add t-dum type dummy
		ip link set t-dum up; ip addr add 192.0.2.1/24 dev t-dum' &
done
wait

scenario "$WORK/effects.yaml" '  - shapes:
      for: 13s
      faults:
        - netem: {on: server, device: eth1, delay: 100ms, jitter: 30ms, peers: [10.20.0.1]}
        - netem: {on: two, device: eth1, delay: 100ms, jitter: 30ms, distribution: normal, peers: [10.20.0.1]}
        - netem: {on: three, device: eth1, delay: 100ms, jitter: 30ms, distribution: pareto, peers: [10.20.0.1]}
        - netem: {on: client, device: eth1, delay: 100ms, jitter: 30ms, distribution: paretonormal, peers: [10.20.0.1]}
  - shares:
      for: 16s
      faults:
        - netem: {on: server, device: t-dum, loss: 1%}
        - netem: {on: two, device: t-dum, burst_start: 2%, burst_end: 25%}
        - netem: {on: three, device: t-dum, p13: 2%, p31: 30%, p32: 20%, p23: 50%, p14: 1%}
        - netem: {on: client, device: t-dum, rate: 4mbit, limit: 6000}
        - netem: {on: server, device: eth1, burst_start: 2%, burst_end: 25%, peers: [10.20.0.1]}
        - netem: {on: two, device: eth1, p13: 2%, p31: 30%, p32: 20%, p23: 50%, p14: 1%, peers: [10.20.0.1]}
        - netem: {on: three, device: eth1, duplicate: 2%, corrupt: 5%, peers: [10.20.0.1]}
        - netem: {on: client, device: eth1, delay: 50ms, reorder: 25%, peers: [10.20.0.1]}'
sed -i 's/^  client: client/&\n  two: api-2\n  three: api-3/; s/rate: 25/rate: 5/' "$WORK/effects.yaml"

TARGETS="10.20.0.11 10.20.0.12 10.20.0.13 10.10.0.2" # api-1, api-2, api-3, client
# From r2, which has no fault, to all at once; into $WORK/NAME.ADDRESS, and those that are
# spared into $WORK/NAME.spared.
pings() { # NAME ARGS...
	local name=$1
	shift
	on r2 "for a in $TARGETS; do ping -n -I 10.20.0.1 $* \$a >/tmp/pings.\$a 2>/dev/null & done
		ping -n -I 10.30.0.2 $* 10.20.0.11 >/tmp/pings.spared & wait
		grep -H 'icmp_seq=' /tmp/pings.*; rm /tmp/pings.*" >"$WORK/$name"
	for a in $TARGETS spared; do
		sed -n "s|^/tmp/pings.$a:||p" "$WORK/$name" >"$WORK/$name.$a"
	done
}
times() { # FILE: the round trips in ms, sorted
	sed -n 's/.* time=\([0-9.]*\) ms.*/\1/p' "$1" | sort -n
}
bad_checksums() { # that r2 saw in ICMP so far
	on r2 "awk '/^Icmp: [0-9]/ { print \$4 }' /proc/net/snmp"
}
decile() { # the tenth part of sorted numbers is below this
	awk '{ v[NR] = $1 } END { print v[int((NR + 9) / 10)] }'
}

in_time() { # STAGE: it goes on
	! grep '"event":"stage_end"' "$RUNS"/*/journal.jsonl | grep -q "\"stage\":\"$1\"" ||
		fail "stage $1 was over before all was sent: the machine is too slow, make it longer"
}
bad_before=$(bad_checksums)
"$GD" run "$WORK/effects.yaml" -i "$WORK/inventory.yaml" --yes -o "$RUNS" >"$WORK/run.out" 2>&1 &
run=$!
measured() { [ "$(cat "$RUNS"/*/journal.jsonl 2>/dev/null | grep -c '"event":"stage_measured"')" -ge "$1" ]; }
wait_for 120 measured 2 || { cat "$WORK/run.out"; fail "the faults did not go in"; }
pings shapes -w 7 -i 0.005
in_time shapes
wait_for 60 measured 3 || { cat "$WORK/run.out"; fail "the second stage did not come"; }
for host in api-1 api-2 api-3; do
	n=25000
	[ $host != api-1 ] || n=60000
	on $host "ping -q -c $n -l $n -W 1 192.0.2.9 >/dev/null 2>&1; [ \$? -eq 1 ]" &
	floods="${floods:-} $!"
done
# 4.2 MB, for which this rate takes 8 s.
on client 'ping -q -s 1000 -c 4000 -l 4000 -W 9 192.0.2.9 >/dev/null 2>&1 & ping=$!
	sleep 1
	for i in $(seq 20); do
		read -r up _ </proc/uptime; read -r sent </sys/class/net/t-dum/statistics/tx_bytes
		echo "$up $sent"; sleep 0.2
	done
	kill $ping' >"$WORK/rate" &
rate=$!
pings shares -s 400 -w 7 -i 0.002
in_time shares
for job in $floods $rate; do
	wait "$job" || fail "a sender: exit $?"
done
status=0
wait $run || status=$?
[ $status -eq 0 ] || { cat "$WORK/run.out"; fail "the run: exit $status"; }
journal=$(last_run)/journal.jsonl
bad_after=$(bad_checksums)

# Quantiles of delay + jitter * shape at 2, 10, 50, 90, 98 %, and what makes the deviation of a
# sample's: sqrt(p (1 - p)) times the quantile's slope. Normal: Q(p); Pareto: ((1 - p)^(-1/3) -
# 1.5) * 4/3; the mixture: a quarter of the one and three quarters of the other.
# Of a sum with noise that depends on it in whatever way, the quantile at p is at most the one
# at p + (1 - p) / 50 (the last numbers) and the noise's at 1 - (1 - p) / 50.
shape() { # NAME ADDRESS QUANTILES DEVIATIONS UPPER
	{
		times "$WORK/shapes.spared"
		echo
		times "$WORK/shapes.$2"
	} | awk -v name="$1" -v q="$3" -v d="$4" -v u="$5" '
		NF == 0 { second = 1; next }
		!second { noise[++m] = $1 }
		second { v[++n] = $1 }
		END {
			split("0.02 0.1 0.5 0.9 0.98", p); split(q, want); split(d, dev); split(u, upper)
			base = noise[int((m + 9) / 10)]
			bad = n < 150 || m < 150
			line = sprintf("%s, %d packets:", name, n)
			for (i = 1; i <= 5; i++) {
				at = int((1 - (1 - p[i]) / 50) * m) + 2
				more = noise[at < m ? at : m] - base
				s = 5 * 30 * dev[i] / sqrt(n); g = v[int(p[i] * n) + 1] - base
				low = 100 + 30 * want[i] - s - 1; high = 100 + 30 * upper[i] + s + 1 + more
				line = line sprintf(" %.1f (%.1f to %.1f)", g, low, high)
				if (g < low || g > high) bad = 1
			}
			print line; exit bad
		}' || fail "jitter is not $1"
}
shape uniform 10.20.0.11 "-0.96 -0.8 0 0.8 0.96" "0.28 0.6 1 0.6 0.28" "-0.921 -0.764 0.020 0.804 0.961"
shape normal 10.20.0.12 "-2.054 -1.282 0 1.282 2.054" "2.891 1.709 1.253 1.709 2.891" "-1.755 -1.185 0.025 1.293 2.062"
shape pareto 10.20.0.13 "-0.658 -0.619 -0.32 0.873 2.912" "0.064 0.153 0.56 2.873 11.461" "-0.649 -0.610 -0.309 0.892 2.945"
shape paretonormal 10.10.0.2 "-1.007 -0.785 -0.24 0.975 2.697" "0.771 0.542 0.733 2.582 9.319" "-0.925 -0.754 -0.225 0.992 2.724"

# SPREAD: what the variance is times that of independent losses, (1 + l) / (1 - l) for a chain
# that forgets by l per packet.
kernel_loss() { # REF PERCENT SPREAD: by netem's own counters
	grep '"event":"fault_effect"' "$journal" | grep "\"ref\":\"$1[^0-9]" |
		sed -n 's/.*"text":"\([0-9]*\) of \([0-9]*\) packets dropped.*/\1 \2/p' |
		awk -v want="$2" -v spread="$3" '{
				p = 100 * $1 / $2; s = 4 * sqrt(want * (100 - want) / $2 * spread)
				printf "loss asked %s %%: %.2f %% of %d packets (4 deviations: %.2f)\n", want, p, $2, s
				good = $2 >= 20000 && p > want - s && p < want + s
			} END { exit !(NR == 1 && good) }' || fail "loss is not $2 %"
}
# 4 deviations of 60,000 are 0.16 %.
kernel_loss shares.1 1 1
kernel_loss shares.2 7.41 6.4
kernel_loss shares.3 6.95 4
# The replies that a ping got, as a sequence: how many losses follow one another.
runs_of_loss() { # ADDRESS MEAN DEVIATION_OF_ONE
	sed -n 's/.*icmp_seq=\([0-9]*\) .* time=.*/\1/p' "$WORK/shares.$1" | sort -nu |
		awk -v want="$2" -v dev="$3" '
			NR > 1 && $1 > last + 1 { lost += $1 - last - 1; n++ }
			{ last = $1 }
			END {
				if (n < 20) { printf "%d bursts asked to be of %s: too few to judge on this machine\n", n, want; exit n == 0 }
				s = 5 * dev / sqrt(n); m = lost / n
				printf "%d losses in %d bursts of %.2f packets, asked %s (5 deviations: %.2f)\n", lost, n, m, want, s
				exit !(m > want - s && m < want + s)
			}' || fail "losses are not in bursts of $2"
}
runs_of_loss 10.20.0.11 4 3.46
runs_of_loss 10.20.0.12 1.77 1.2

share() { # WHAT COUNT OF PERCENT
	awk -v what="$1" -v n="$2" -v of="$3" -v want="$4" 'BEGIN {
		p = 100 * n / of; s = 4 * sqrt(want * (100 - want) / of)
		printf "%s: %.2f %% of %d packets, asked %s (4 deviations: %.2f)\n", what, p, of, want, s
		exit !(of >= 300 && p > want - s && p < want + s)
	}' || fail "$1: not $4 %"
}
grep '"event":"fault_effect"' "$journal" | grep '"ref":"shares\.7[^0-9]' |
	sed 's/.*, \([0-9]*\) sent on through netem.*/\1/' >"$WORK/all"
read -r all <"$WORK/all"
share duplicated "$(grep -c 'DUP!' "$WORK/shares.10.20.0.13")" "$all" 1.96
# Seen by the receiver's checksum where the bit is in the 408 bytes of ICMP of these 442.
share corrupted $((bad_after - bad_before)) "$all" 4.62

base=$(times "$WORK/shares.spared" | decile)
late=$(times "$WORK/shares.spared" | awk -v b="$base" '$1 - b >= 25 { n++ } END { print 100 * n / NR }')
times "$WORK/shares.10.10.0.2" | awk -v b="$base" -v late="$late" '$1 - b < 25 { n++ } END {
	p = 100 * n / NR; s = 4 * sqrt(25 * 75 / NR)
	printf "overtaking: %.2f %% of %d packets, asked 25 (4 deviations: %.2f; late otherwise: %.2f %%)\n", p, NR, s, late
	exit !(NR >= 150 && p > 25 - s - late && p < 25 + s) }' || fail "it is not 25 % that overtake"
times "$WORK/shares.10.10.0.2" | awk -v b="$base" '$1 - b >= 25 { print $1 - b }' | decile | awk '{
	printf "delay asked 50 ms: %.1f ms\n", $1; exit !($1 >= 48 && $1 <= 52) }' || fail "the delay is not 50 ms"
# The slope of the line through all looks: a look that comes late counts little.
awk 'NR == 1 { t0 = $1; b0 = $2 }
	{ t = $1 - t0; b = $2 - b0; st += t; sb += b; stt += t * t; stb += t * b }
	END {
		r = (NR * stb - st * sb) / (NR * stt - st * st) * 8 / 1e6
		printf "rate asked 4 Mbit/s: %.3f\n", r; exit !(NR == 20 && r > 3.88 && r < 4.12) }' "$WORK/rate" ||
	{ cat "$WORK/rate"; fail "the rate is not 4 Mbit/s"; }

[ "$(grep '"event":"fault_reverted"' "$journal" | grep -c '"equal":true')" -eq 12 ] || fail "not all restored"
for host in api-1 api-2 api-3 client; do
	on $host 'ip link del t-dum' &
done
wait
echo "effects: $SECONDS s"
