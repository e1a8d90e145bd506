#!/bin/sh
# Runs a command in a network namespace of its own that has, beside loopback,
# one address with a default route: Firefox gathers no candidates on loopback
# alone. The addresses lie in RFC 2544's range and exist only in the namespaces
# made here. The command may put a browser at the far end: the namespace
# PLENUM_TEST_FAR, behind the device PLENUM_TEST_LINK.
set -eu
if [ "$(id -u)" != 0 ] || ! command -v ip >/dev/null; then
	echo "in-namespace: needs root and iproute2; Firefox is not tested on this machine" >&2
	exit 0
fi
inner="plenum-$$-a" outer="plenum-$$-b"
cleanup() {
	ip netns del "$inner" 2>/dev/null || true
	ip netns del "$outer" 2>/dev/null || true
}
trap cleanup EXIT INT TERM
ip netns add "$inner"
ip netns add "$outer"
ip link add "v$$a" netns "$inner" type veth peer name "v$$b" netns "$outer"
ip -n "$inner" link set lo up
ip -n "$outer" link set lo up
ip -n "$inner" addr add 198.18.77.1/30 dev "v$$a"
ip -n "$outer" addr add 198.18.77.2/30 dev "v$$b"
ip -n "$inner" link set "v$$a" up
ip -n "$outer" link set "v$$b" up
ip -n "$inner" route add default via 198.18.77.2
PLENUM_TEST_MEDIA=198.18.77.1 PLENUM_TEST_LINK="v$$a" PLENUM_TEST_FAR="$outer" ip netns exec "$inner" "$@"
