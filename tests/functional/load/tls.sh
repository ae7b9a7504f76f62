#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# https and h2 against servers of others, and what a certificate must be.
#
#   tls.sh GAMEDAY
set -u
gameday=$1
for program in openssl nghttpd; do
	command -v $program >/dev/null || { echo "no $program: skipped"; exit 77; }
done
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$dir"' EXIT
bad=0

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
	-keyout "$dir/key.pem" -out "$dir/cert.pem" -subj /CN=test \
	-addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null || exit 1
mkdir "$dir/root"
echo "hello, h2" >"$dir/root/index.html"

# serve VARIABLE COMMAND...: a server on a free port, which takes the place of PORT
serve() {
	local var=$1 port try
	shift
	for try in 1 2 3 4 5 6 7 8; do
		port=$((20000 + (RANDOM + 32768 * (RANDOM % 2)) % 12000))
		"${@//PORT/$port}" </dev/null >"$dir/$var.$try" 2>&1 &
		pids+=($!)
		for _ in $(seq 100); do
			kill -0 "${pids[-1]}" 2>/dev/null || break
			(: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && break
			sleep 0.05
		done
		kill -0 "${pids[-1]}" 2>/dev/null && break
	done
	printf -v "$var" %s "$port"
}
serve https openssl s_server -accept 127.0.0.1:PORT -cert "$dir/cert.pem" -key "$dir/key.pem" \
	-www -alpn http/1.1
serve h2 nghttpd -a 127.0.0.1 -d "$dir/root" PORT "$dir/key.pem" "$dir/cert.pem"
serve h2c nghttpd -a 127.0.0.1 -d "$dir/root" --no-tls PORT

# expect PATTERN URL OPTIONS...: an extended pattern in what gameday load prints
expect() {
	local pattern=$1
	shift
	"$gameday" load "$@" --rate 40/s --for 500ms --timeout 10s >"$dir/out" 2>&1
	if ! grep -qE -- "$pattern" "$dir/out"; then
		echo "gameday load $*: wanted '$pattern' in:"
		cat "$dir/out"
		bad=1
	fi
}
ca="tls: {ca: $dir/cert.pem}"
# shellcheck disable=SC2154,SC2016 # serve sets them; gameday expands ${...}
{
	expect '^plain .* 20 +100 % ' "https://127.0.0.1:$https/" --with "$ca"
	expect '^plain .* 20 +100 % ' "https://localhost:$https/" --with "$ca" \
		--with 'keepalive: false'
	expect 'errors: tls 20 \(certificate not accepted: self.signed certificate\)' \
		"https://127.0.0.1:$https/"
	expect 'errors: tls 20 \(certificate not accepted: .*mismatch\)' \
		"https://127.0.0.1:$https/" --with "tls: {ca: $dir/cert.pem, server_name: other}"
	expect '^plain .* 20 +100 % ' "https://127.0.0.1:$https/" --with 'tls: {verify: false}'
	expect '20 connections, made in .* at p50, .* at p99, TLS in ' "https://localhost:$https/" \
		--with "$ca" --with 'keepalive: false'
	expect "no certificates in PEM form" "https://127.0.0.1:$https/" \
		--with "tls: {ca: $dir/key.pem}"
	expect 'errors: tls 20 \(' "h2://127.0.0.1:$https/" --with "$ca"
	expect 'errors: tls 20 \(' "https://127.0.0.1:$h2c/"

	expect '^plain .* 20 +100 % ' "h2://127.0.0.1:$h2/" --with "$ca" \
		--with 'expect: {body: "hello, h2"}'
	expect 'errors: wrong 20' "h2://127.0.0.1:$h2/" --with "$ca" --with 'expect: {body: bye}'
	expect 'errors: status-4xx 20' "h2://127.0.0.1:$h2/nothing/\${seq}" --with "$ca"
	expect '^plain .* 20 +100 % ' "h2c://127.0.0.1:$h2c/" --method POST \
		--with 'body: "${seq} ${text:3000}"' --with 'headers: {X-A: "${uuid}"}'
	expect 'errors: reset 20|errors: protocol 20' "http://127.0.0.1:$h2c/"
}
exit $bad
