#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-format 14, the whole tree.
set -u
cd "$1" || exit 2
git ls-files -co --exclude-standard 'gameday/*.[ch]' 'injectors/*.[ch]' 'tests/*.[ch]' |
	xargs clang-format --dry-run --Werror
