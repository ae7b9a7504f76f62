# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a host looks like, one fact per line, without anything that counts or ages.
export LC_ALL=C
# While one of these is here, the trial is not over.
for p in /proc/[0-9]*/comm; do
	read -r name <"$p" || continue
	case $name in gameday-agent | gd-guardian) echo "busy: $name" ;; esac
done 2>/dev/null
no_ages() {
	sed -E 's/ (refcnt|users|used|expires|valid_lft|preferred_lft) [0-9a-z]+//g; s/[[:space:]]+$//'
}
for d in $(ip -o link show | sed -E 's/^[0-9]+: ([^:@]+).*/\1/' | sort); do
	ip -o link show dev "$d" | sed "s/^/link /"
	ip -o address show dev "$d" | sed "s/^/address /"
	{
		tc -d qdisc show dev "$d"
		tc -d class show dev "$d" | grep -v "^class fq_codel" # a line per live flow
		tc -d filter show dev "$d"
		tc -d filter show dev "$d" ingress
		tc -d filter show dev "$d" egress
	} 2>/dev/null | sed "s/^/tc $d /"
	ethtool -g "$d" 2>/dev/null | sed "s/^/ring $d /"
	ethtool -c "$d" 2>/dev/null | sed "s/^/coalesce $d /"
done | no_ages
{
	ip -4 rule show
	ip -6 rule show
	ip -4 route show table all
	ip -6 route show table all
} | no_ages | sed 's/^/route /'
# dm: the lab's hosts share these, so a change anywhere shows everywhere.
{
	dmsetup info -c --noheadings -o name,suspended,readonly,open | sort
	dmsetup table | sort
} 2>/dev/null | sed 's/^/dm /'
grep ' /var/lib' /proc/mounts | sed 's/^/mount /'
# Protocols without their time of last change.
if [ -S /run/bird/bird.ctl ]; then
	birdc show protocols | sed 1,2d | awk '{ print "bird", $1, $2, $3, $4, $6 }'
fi
