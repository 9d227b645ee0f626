#!/bin/sh
# Resolve what the actions install, with hashes; what builds the package is of it, too.
set -eu
cd "$(dirname "$0")/.."
echo 'hatchling>=1.25' | uv pip compile --quiet --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-annotate --no-header --extra all \
    pyproject.toml - -o github-actions/requirements.lock
