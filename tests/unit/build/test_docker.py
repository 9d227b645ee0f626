"""What an engine knows of images, apart from the engine itself."""

from __future__ import annotations

import pytest

from mlflow_serverless.build.docker import digest_at

HERE, THERE = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("public.ecr.aws/lambda/python:3.12", THERE),
        (f"public.ecr.aws/lambda/python@{THERE}", THERE),
        ("registry.example.com/python:3.12", HERE),
        ("registry.example.com/other:3.12", ""),
        ("python:3.12", ""),
    ],
)
def test_a_base_is_known_by_the_digest_of_its_own_registry(base, expected):
    """Not by that of another registry, to which it was pushed compressed anew."""
    known = (
        f"registry.example.com/python@{HERE}", f"public.ecr.aws/lambda/python@{THERE}"
    )  # fmt: skip

    assert expected == digest_at(base, known)
