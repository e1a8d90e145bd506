#!/usr/bin/env bash
# Says in words when Node.js is missing or too old for the page's tools.
set -euo pipefail

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo "Node.js 20 or newer (with npm) is needed to build the page, and is not installed." >&2
	echo "See https://nodejs.org/en/download, or 'apt-get install nodejs npm' on a recent Debian." >&2
	exit 1
fi
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 20 ]; then
	echo "Node.js 20 or newer is needed to build the page; this is $(node --version)." >&2
	exit 1
fi
