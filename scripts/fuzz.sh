#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time each.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-10s}
git ls-files -co --exclude-standard '*_test.go' | xargs -r grep -oHE '^func Fuzz[A-Za-z0-9_]+' |
	while IFS=: read -r file func; do
		go test "./$(dirname "$file")" -run '^$' -fuzz "^${func#func }\$" -fuzztime "$time" -fuzzminimizetime 10x
	done
