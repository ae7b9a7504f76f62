# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For functional tests in a shell: a folder of their own in $WORK and the processes in $pids are
# gone at the end, however it comes.
WORK=$(mktemp -d)
pids=""
# shellcheck disable=SC2086 # a list of numbers
trap '[ -z "$pids" ] || kill $pids 2>/dev/null || true; rm -rf "$WORK"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}
