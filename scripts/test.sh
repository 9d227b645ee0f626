#!/bin/sh
# Lint and every test, side by side: types are checked on one processor alone.
# What lint says is shown when the tests are over; either can fail the run.
set -u
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
make --no-print-directory lint >"$log" 2>&1 &
lint=$!
.venv/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder
tests=$?
wait "$lint"
linted=$?
cat "$log"
[ "$tests" -eq 0 ] || exit "$tests"
exit "$linted"
