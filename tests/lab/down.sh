#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `lab down` leaves nothing behind; a lab whose QEMU died is noticed.
. "$(dirname "$0")/functions.sh"

run_gameday 0 lab down
run_gameday 0 lab down
[ ! -e "$GAMEDAY_LAB_DIR" ] || fail "left behind: $(find "$GAMEDAY_LAB_DIR")"
