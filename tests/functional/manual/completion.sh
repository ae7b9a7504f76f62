#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Asks bash, zsh and fish what they would complete.
set -eu -o pipefail
gd=$1
dir=$2/completion
here=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/../functions.sh"
ln -s "$gd" "$WORK/gameday"

in_bash() { # WORDS...: the last one is what is being typed
	bash --norc -c 'set -u; . "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _gameday
		printf "%s\n" "${COMPREPLY[@]-}"' "$dir/gameday.bash" "$@"
}
in_fish() { # the line as typed
	PATH=$WORK:$PATH fish --no-config -c "source $dir/gameday.fish; complete -C '$1'" | cut -f1
}
in_zsh() { # the line as typed
	PATH=$WORK:$PATH timeout 40 python3 "$here/zsh_ask.py" "$dir" "$1"
}

expect() { # SHELL WANTED LINE
	local got
	case $1 in
	bash) IFS=' ' read -ra words <<<"$3 "; [ "${3: -1}" != ' ' ] || words+=(""); got=$(in_bash "${words[@]}") ;;
	fish) got=$(in_fish "$3") ;;
	zsh) got=$(in_zsh "$3") ;;
	esac
	grep -qxF -- "$2" <<<"$got" || fail "$1: \"$3\" does not offer $2, but: $got"
}

for shell in bash fish zsh; do
	expect $shell status "gameday sta"
	expect $shell torture "gameday lab t"
	expect $shell --json "gameday plan --j"
	expect $shell netem "gameday inject n"
	expect $shell device= "gameday inject ring d"
	expect $shell latest "gameday report la"
	expect $shell lab "gameday run -i la"
done
cd "$WORK"
touch game.yaml
expect bash game.yaml "gameday run ga"
[ -z "$(in_bash gameday lab up t)" ] || fail "bash: offers a second verb"
echo "bash, fish and zsh complete commands, options, faults and their keys"
