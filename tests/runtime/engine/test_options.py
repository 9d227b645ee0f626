"""Session options follow the variant, and what the library knows."""

import pytest

from lambda_runtime.engine.options import LEVEL_ALL, LEVEL_NONE, options_for
from lambda_runtime.manifest import Variant

QUIET = {
    "session.intra_op.allow_spinning": "0",
    "session.inter_op.allow_spinning": "0",
}
MAPPED = {
    "session.load_model_format": "ORT",
    "session.use_memory_mapped_ort_model": "1",
    "session.use_ort_model_bytes_for_initializers": "1",
}


@pytest.mark.parametrize(
    ("variant", "version", "level", "more"),
    [
        (Variant("v", "f"), "1.31.1", LEVEL_ALL, {}),
        (Variant("v", "f", optimised=True), "1.31.1", LEVEL_NONE, {}),
        (
            Variant("v", "f", optimised=True, prepack=False),
            "1.31.1",
            LEVEL_NONE,
            {"session.disable_prepacking": "1"},
        ),
        (Variant("v", "f", format="ort"), "1.28.0", LEVEL_NONE, MAPPED),
        (Variant("v", "f", format="ort"), "2.0", LEVEL_NONE, MAPPED),
        (
            Variant("v", "f", format="ort"),
            "1.23.2",
            LEVEL_NONE,
            {"session.load_model_format": "ORT"},
        ),
        (
            Variant("v", "f", format="ort"),
            "unknown",
            LEVEL_NONE,
            {"session.load_model_format": "ORT"},
        ),
    ],
)
def test_options_follow_the_variant(variant, version, level, more):
    """
    What was optimised is left as it is; weights are mapped where that is known.
    """
    options = options_for(variant, threads=3, version=version)

    assert 3 == options.threads
    assert level == options.level
    assert QUIET | more == dict(options.entries)


@pytest.mark.parametrize(
    ("run_us", "arena"), [(None, True), (1.0, False), (19.9, False), (20.0, True)]
)
def test_short_runs_do_without_a_pool_of_memory(run_us, arena):
    """
    What takes next to nothing to run takes its memory from the C library.
    """
    variant = Variant("v", "f", run_us=run_us)

    assert arena == options_for(variant, threads=1, version="1.31.1").arena
