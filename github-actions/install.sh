#!/bin/sh
# Install mlflow-serverless as this checkout has it, its dependencies by lock, and put it
# on the path of the steps that follow. A second action in the same job finds it there.
#
# REQUIREMENTS: another lock (pip's format, with hashes) instead of ours; empty for ours.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lock=${REQUIREMENTS:-$here/requirements.lock}
if [ ! -f "$lock" ]; then
    printf '%s\n' "error: there is no lock at $lock (input requirements)." >&2
    exit 2
fi
venv=$RUNNER_TEMP/mlflow-serverless-$(cat "$lock" "$here/install.sh" | cksum | tr ' ' -)

if [ ! -x "$venv/bin/mlflow-serverless" ]; then
    uv venv --quiet --clear "$venv"
    uv pip install --quiet --python "$venv/bin/python" --compile-bytecode \
        --require-hashes --requirements "$lock"
    uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation \
        "$here/.."
fi
"$venv/bin/mlflow-serverless" --version
printf '%s\n' "$venv/bin" >> "$GITHUB_PATH"
