#!/bin/sh
# Test the deep-learning flavours, each framework in an environment of its own.
#
#   scripts/deep.sh [pytorch] [tensorflow]
#
# Both by default. The frameworks are large downloads, so `make test` leaves them out.
set -eu
cd "$(dirname "$0")/.."

environment() { # NAME PACKAGE...
    home=.venv-$1
    shift
    if [ ! -f "$home/.made" ]; then
        .venv/bin/python -m venv "$home"
        # pip, not uv, for the framework: it also takes wheels that lie on the machine.
        "$home/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
        # shellcheck disable=SC2086 - a list of words
        .venv/bin/uv pip install --quiet --python "$home/bin/python" $common
        .venv/bin/uv pip install --quiet --python "$home/bin/python" --no-deps --editable .
        : > "$home/.made"
    fi
}

pinned() { # PACKAGE...: at the versions of the development lock
    for name in "$@"; do
        grep -m1 "^$name==" requirements/dev.lock | sed 's/[ ;\\].*//'
    done
}

common=$(pinned mlflow onnx onnxruntime numpy pandas scikit-learn skops scipy \
    platformdirs psutil starlette uvicorn h11 rich click pydantic pyyaml pytest \
    hypothesis)

for framework in "${@:-pytorch tensorflow}"; do
    for one in $framework; do
        case $one in
        pytorch)
            environment pytorch torch==2.13.0 onnxscript transformers \
                sentence-transformers
            .venv-pytorch/bin/python -m pytest -q tests/unit/convert/test_pytorch.py \
                tests/unit/convert/test_transformers.py \
                tests/unit/convert/test_sentence_transformers.py \
                tests/unit/native/test_deep.py
            ;;
        tensorflow)
            environment tensorflow tensorflow-cpu tf2onnx
            TF_CPP_MIN_LOG_LEVEL=3 .venv-tensorflow/bin/python -m pytest -q \
                tests/unit/convert/test_tensorflow.py
            ;;
        *) echo "unknown framework: $one (pytorch or tensorflow)" >&2; exit 2 ;;
        esac
    done
done
