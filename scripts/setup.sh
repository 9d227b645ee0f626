#!/bin/sh
# Make .venv from the lock; say plainly what is missing. Does nothing when up to date.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    say "Python 3.11 or newer is needed; '${PYTHON:-python3}' is $("${PYTHON:-python3}" --version 2>&1 || echo missing)."
    say "hint: apt-get install python3 python3-venv, or make PYTHON=/path/to/python3.12"
    exit 1
fi

# The name of the lock that the environment was made from is its stamp.
stamp=$(cat requirements/dev.lock pyproject.toml scripts/setup.sh | cksum | tr ' ' -)
if [ -f ".venv/.made-from-$stamp" ]; then
    exit 0
fi

if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    say "$python has no venv module."
    say "hint: apt-get install python3-venv"
    exit 1
fi

# Bytecode is made once here; otherwise every import compiles again.
unset PYTHONDONTWRITEBYTECODE
[ -x .venv/bin/python ] || "$python" -m venv .venv
say "setting up .venv (about 20 s with a warm cache, a few minutes without)"
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
.venv/bin/uv pip install --quiet --python .venv/bin/python --compile-bytecode \
    --require-hashes -r requirements/dev.lock
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --editable .
rm -f .venv/.made-from-*
: > ".venv/.made-from-$stamp"
