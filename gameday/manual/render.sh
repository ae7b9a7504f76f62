#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From the manual's Markdown to man pages: render.sh SOURCE SHARE LOWDOWN PERL VERSION
set -eu
source=$1 share=$2 lowdown=$3 perl=$4 version=$5

cd "$source"
git ls-files 'gameday/*.c' 'injectors/*.c' 2>/dev/null >"$share/sources" || true
[ -s "$share/sources" ] || find gameday injectors -name '*.c' >"$share/sources"
xargs "$perl" gameday/manual/messages.pl <"$share/sources" >>"$share/md/gameday-errors.7.md"
rm "$share/sources"
sed "s/^source: gameday$/source: gameday $version/" gameday/manual/gameday-agent.8.md \
	>"$share/md/gameday-agent.8.md"
{
	printf 'title: gameday-report\nsection: 5\nsource: gameday %s\nvolume: gameday manual\n\n' "$version"
	printf '# NAME\n\ngameday-report - what report.json holds, and what its figures mean\n\n# DESCRIPTION\n\n'
	sed -e '1d' -e 's/^## /# /' gameday/doc/REPORT.md
} >"$share/md/gameday-report.5.md"

for page in "$share"/md/*.md; do
	name=$(basename "$page" .md)
	# \fC is a font of troff's that other formatters don't know.
	"$lowdown" -s -Tman --out-no-smarty "$page" | sed 's/\\fC/\\fB/g' >"$share/man/man${name##*.}/$name"
done
