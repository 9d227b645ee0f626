#!/bin/sh
# Resolve every dependency, with hashes, for development and CI.
set -eu
.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-annotate --no-header --extra all --group dev \
    pyproject.toml -o requirements/dev.lock
