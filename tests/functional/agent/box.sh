# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A host to inject into: an sshd of its own on the loopback and its agent, whose only fault
# writes a file. Sourced first; sets $GD, $port, and $WORK/inventory.yaml with the host `box`.
set -eu -o pipefail
GD=$1
export GAMEDAY_AGENT=$2
for tool in ssh-keygen /usr/sbin/sshd; do
	command -v "$tool" >/dev/null || { echo "no $tool here"; exit 77; }
done
. "$(dirname "$0")/../functions.sh"

[ "$(id -u)" != 0 ] || mkdir -p /run/sshd # the distribution's service makes it; sshd insists
mkdir -m 700 "$WORK/run" "$WORK/state"
ssh-keygen -q -t ed25519 -N '' -f "$WORK/host"
ssh-keygen -q -t ed25519 -N '' -f "$WORK/client"
cp "$WORK/client.pub" "$WORK/authorized"
port=$((20000 + RANDOM % 5000))
cat >"$WORK/sshd_config" <<-END
	ListenAddress 127.0.0.1
	Port $port
	HostKey $WORK/host
	PidFile none
	AuthorizedKeysFile $WORK/authorized
	StrictModes no
	PermitRootLogin yes
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	UsePAM no
	SetEnv XDG_RUNTIME_DIR=$WORK/run GD_TEST_STATE_DIR=$WORK/state
END
/usr/sbin/sshd -D -f "$WORK/sshd_config" -E "$WORK/sshd.log" &
pids="$pids $!"

until_open() { # PORT
	for _ in $(seq 100); do
		(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
		sleep 0.1
	done
	fail "nothing listens at port $1"
}
until_open "$port"

inventory() { # PORT
	cat >"$WORK/inventory.yaml" <<-END
		hosts:
		  box:
		    host: 127.0.0.1
		    port: $1
		    user: $(id -un)
		    key: $WORK/client
		    host_key: $(cut -d ' ' -f 1,2 "$WORK/host.pub")
		    sudo: never
	END
}
inventory "$port"

until_says() { # PATTERN: in what the command printed
	for _ in $(seq 600); do
		! grep -q "$1" "$WORK/out" || return 0
		sleep 0.1
	done
	fail "never said $1: $(cat "$WORK/out")"
}
