# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For functional tests in a shell: a folder of their own in $WORK and the processes in $pids are
# gone at the end, however it comes. What a test has to give back besides goes into its at_end.
WORK=$(mktemp -d) || exit 1
pids=""

at_end() { :; }

clean_up() {
	local status=$?
	at_end || true
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$pids" ] || { kill $pids; wait $pids; } 2>/dev/null || true
	rm -rf "$WORK"
	exit $status
}
trap clean_up EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}
