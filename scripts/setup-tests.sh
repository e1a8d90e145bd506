#!/usr/bin/env bash
# Installs what the tests need and is missing: as root on Debian and its kin
# through apt-get; anywhere else it lists what is missing and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

# command=package: what is looked for, and what brings it on Debian.
needs=(
	gcc=gcc                 # go test -race links with cgo
	chromium=chromium
	firefox-esr=firefox-esr
	ffmpeg=ffmpeg
	ffprobe=ffmpeg
	mkvmerge=mkvtoolnix
	mkvinfo=mkvtoolnix
	mediainfo=mediainfo
	webm_info=libwebm-tools
	espeak-ng=espeak-ng
	sox=sox
	ip=iproute2
	ping=iputils-ping
	python3=python3         # reads our CSV and runs the recipe for webhooks
	initdb=postgresql
	pg_dump=postgresql-client
	sqlite3=sqlite3
	nginx=nginx-light       # if it starts itself, stop it: the tests start their own
)

# found reports whether a command is there under any of the names it goes by.
found() {
	case $1 in
	chromium) command -v chromium chromium-browser google-chrome >/dev/null ;;
	firefox-esr) command -v firefox-esr firefox >/dev/null ;;
	initdb) command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
	nginx) command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] ;; # sbin is not on everybody's path
	*) command -v "$1" >/dev/null ;;
	esac
}

missing=()
for need in "${needs[@]}"; do
	found "${need%%=*}" || missing+=("${need#*=}")
done

if [ ${#missing[@]} -gt 0 ]; then
	mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "The tests need these, which are not installed:" >&2
		printf '  %s\n' "${missing[@]}" >&2
		echo "On Debian: sudo apt-get install ${missing[*]}" >&2
		exit 1
	fi
	echo "Installing for the tests: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	apt-get install -yq --no-install-recommends "${missing[@]}" libc6-dev fonts-dejavu-core
fi

scripts/need-node.sh
