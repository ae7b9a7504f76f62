#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every fault's page has the parameters that the code has; a page that does not is noticed.
set -eu
PAGES=$1
TOOL=$2
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

"$TOOL" --check "$PAGES"

refused() { # TEXT: --check fails, and says so
	if "$TOOL" --check "$WORK" 2>"$WORK/err"; then
		echo "not noticed: $1"
		exit 1
	fi
	grep -qF -- "$1" "$WORK/err" || {
		cat "$WORK/err"
		exit 1
	}
}

for page in "$PAGES"/*.md; do
	name=$(basename "$page" .md)
	grep -q '^## Parameters' "$page" || continue
	cp "$PAGES"/*.md "$WORK"
	# A default that the code does not have, and a row that is gone.
	sed -i '/^## Param/,/^## Ref/{/^| `/s/ required / `7` /}' "$WORK/$name.md"
	refused "$name.md"
	sed -i '/^## Param/,/^## Ref/{/^| `/d}' "$WORK/$name.md"
	refused "$name.md"
	"$TOOL" "$WORK"
	cmp "$page" "$WORK/$name.md"
	sed -i '/^## By hand/d' "$WORK/$name.md"
	refused "By hand"
done
