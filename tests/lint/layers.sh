#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every #include "gameday/X/..." or "injectors/..." must go downwards. The table is the rule.
set -u
cd "$1" || exit 2

declare -A allowed=(
	[gameday/base]=""
	[gameday/shape]="gameday/base"
	[gameday/wire]="gameday/base gameday/shape"
	[gameday/load]="gameday/base gameday/shape"
	[gameday/watch]="gameday/base gameday/shape"
	[gameday/scenario]="gameday/base gameday/shape gameday/load"
	[gameday/results]="gameday/base gameday/shape gameday/load gameday/scenario"
	[gameday/remote]="gameday/base gameday/shape gameday/wire gameday/scenario"
	[gameday/lab]="gameday/base"
	[gameday/torture]="gameday/base"
	[gameday/report]="gameday/base gameday/shape gameday/load gameday/scenario gameday/results"
	[gameday/live]="gameday/base gameday/shape gameday/load gameday/scenario gameday/results gameday/report"
	[gameday/runner]="gameday/base gameday/shape gameday/wire gameday/load gameday/scenario gameday/results gameday/remote gameday/report gameday/live"
	[gameday/cli]="gameday/base gameday/shape gameday/wire gameday/load gameday/watch gameday/scenario gameday/results gameday/remote gameday/lab gameday/torture gameday/report gameday/runner injectors"
	[gameday/manual]="gameday/base gameday/shape gameday/load gameday/watch gameday/scenario gameday/cli injectors"
	[injectors]="gameday/base gameday/shape"
	[injectors/ports]="gameday/base gameday/shape injectors"
	[injectors/agent]="gameday/base gameday/shape gameday/wire gameday/load gameday/watch injectors injectors/ports"
)

layer_of() { # PATH; into $layer, as a subshell for each of thousands would take a minute
	local rest=${1#gameday/}
	case $1 in
	gameday/*) layer=gameday/${rest%%/*} ;;
	injectors/agent/*) layer=injectors/agent ;;
	injectors/ports/*) layer=injectors/ports ;;
	injectors/*) layer=injectors ;;
	*) layer= ;;
	esac
}

bad=0 n=0
while IFS=: read -r file line text; do
	inc=${text#*\"}
	inc=${inc%%\"*}
	layer_of "$file"
	from=$layer
	layer_of "$inc"
	to=$layer
	n=$((n + 1))
	[ -n "$to" ] && [ "$from" != "$to" ] || continue
	if [[ -z ${allowed[$from]+x} || " ${allowed[$from]} " != *" $to "* ]]; then
		echo "$file:$line: $from must not include $inc"
		bad=$((bad + 1))
	fi
done < <(git ls-files -co --exclude-standard 'gameday/*.[ch]' 'injectors/*.[ch]' |
	xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"(gameday|injectors)/')
[ "$n" -gt 50 ] || { echo "only $n includes seen: the check itself is broken"; exit 1; }
# Nothing in gameday/ names a particular fault (DESIGN 2). A word in a comment is fine,
# and a watch may have the name of what it looks at.
while IFS=: read -r file line text; do
	echo "$file:$line: gameday/ must not name a fault: $text"
	bad=$((bad + 1))
done < <(git ls-files -co --exclude-standard 'gameday/*.[ch]' | grep -vE '^gameday/(lab|watch)/' |
	xargs grep -nE '"(netem|ring|disk_delay|io_max|bgp)"')
echo "$n includes checked, $bad wrong"
[ "$bad" -eq 0 ]
