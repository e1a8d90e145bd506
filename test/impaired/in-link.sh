#!/bin/sh
# Runs a command in a network namespace at one end of an impaired link; the
# namespace at the other end is PLENUM_TEST_FAR. PLENUM_TEST_BADLINK with
# -control PLENUM_TEST_CONTROL changes what the link does. Needs root. The
# addresses lie in RFC 2544's range and exist only in the namespaces made here.
set -eu
if [ "$(id -u)" != 0 ] || ! command -v ip >/dev/null || [ ! -c /dev/net/tun ]; then
	echo "in-link: needs root, iproute2 and /dev/net/tun" >&2
	exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
near="plenum-$$-near" far="plenum-$$-far"
link=
cleanup() {
	trap - EXIT INT TERM
	for ns in "$near" "$far"; do
		ip netns pids "$ns" 2>/dev/null | xargs -r kill 2>/dev/null || true
	done
	[ -z "$link" ] || kill "$link" 2>/dev/null || true
	[ -z "$link" ] || wait "$link" 2>/dev/null || true
	ip netns del "$near" 2>/dev/null || true
	ip netns del "$far" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
ip netns add "$near"
ip netns add "$far"
(cd "$here" && go build -o "$dir/badlink" ./cmd/badlink)
# The devices are called eth0: Chromium takes tun0 for a VPN.
"$dir/badlink" -a "$near:eth0:198.18.78.1/24" -b "$far:eth0:198.18.78.2/24" -control "$dir/control" >"$dir/log" &
link=$!
tries=0
until grep -q ready "$dir/log"; do
	tries=$((tries + 1))
	[ $tries -le 100 ] && kill -0 "$link" || { echo "in-link: the link does not start" >&2; exit 1; }
	sleep 0.05
done
ip -n "$near" route add default via 198.18.78.2
ip -n "$far" route add default via 198.18.78.1
PLENUM_TEST_MEDIA=198.18.78.1 PLENUM_TEST_FAR="$far" PLENUM_TEST_CONTROL="$dir/control" PLENUM_TEST_BADLINK="$dir/badlink" \
	ip netns exec "$near" "$@"
