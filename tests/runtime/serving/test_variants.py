"""Which variants are served with, and with how many threads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.faults import BrokenBundle
from lambda_runtime.manifest import (
    Answer,
    Engine,
    Manifest,
    Model,
    Signature,
    Variant,
)
from lambda_runtime.variants import (
    MEMORY_MB_PER_VCPU,
    choose,
    longest_run_us,
    threads_for,
)

ALWAYS = Variant("always", "a.onnx")
FIRST = Variant("first", "f.onnx", use="first")
STEADY = Variant("steady", "s.onnx", use="steady")


@pytest.mark.parametrize(
    ("variants", "now", "later"),
    [
        ([ALWAYS], (ALWAYS,), None),
        ([STEADY, FIRST], (FIRST, STEADY), STEADY),
        ([STEADY, ALWAYS, FIRST], (FIRST, ALWAYS, STEADY), STEADY),
        ([STEADY, ALWAYS], (ALWAYS, STEADY), None),
        ([FIRST], (FIRST,), None),
        ([STEADY], (STEADY,), None),
    ],
)
def test_the_first_serves_until_the_steady_is_ready(variants, now, later):
    """
    The order of preference is first, always, steady; a change is from first to steady.
    """
    choice = choose(variants)

    assert now == choice.now
    assert later == choice.later


def test_no_variant_is_a_broken_bundle():
    """
    A manifest that lists nothing to serve is not served.
    """
    with pytest.raises(BrokenBundle) as broken:
        choose([])

    assert "variants-none" == broken.value.code


@pytest.mark.parametrize(
    ("memory_mb", "run_us", "threads"),
    [
        (10240, None, 1),
        (10240, 999.9, 1),
        (10240, 1000.0, 5),
        (1769, 5e4, 1),
        (3537, 5e4, 1),
        (3538, 5e4, 2),
        (128, 5e4, 1),
    ],
)
def test_threads_follow_memory_for_long_runs_only(memory_mb, run_us, threads):
    """
    A run below a millisecond has one thread; others as many as there are whole vCPUs.
    """
    assert threads == threads_for(memory_mb, run_us)


@given(st.integers(128, 10240), st.floats(0, 1e7))
def test_threads_never_exceed_the_processors(memory_mb, run_us):
    """
    At least one, and never more than memory buys.
    """
    threads = threads_for(memory_mb, run_us)

    assert 1 <= threads <= max(1, memory_mb / MEMORY_MB_PER_VCPU)


def test_a_native_library_has_all_the_processors():
    """
    Nobody measures its runs; it shares out what is worth it by itself.
    """
    blank = Manifest(
        Model("models:/m/1"), Engine("native"), inputs=(), outputs=(), variants=(),
        signature=Signature(), feeds=(), answer=Answer(), files=(),
    )  # fmt: skip
    graph = blank._replace(engine=Engine("ort-c"))

    assert 2 == threads_for(3538, longest_run_us(blank))
    assert 1 == threads_for(3538, longest_run_us(graph))
