"""The Dockerfile says the same as the configuration, in words old engines know."""

from __future__ import annotations

import re

from mlflow_serverless.build.dockerfile import dockerfile
from mlflow_serverless.build.image import ImageSpec

SPEC = ImageSpec(
    base="base:3", base_digest="sha256:1", architecture="x86_64", python="3.12",
    lock="", entrypoint=("/python", "-I"), cmd=(),
    environment={"A": 'say "hi" for $5 \\o/', "B": "2"}, user="993:990",
    working_dir="/var/task", labels={"team": "risk"},
)  # fmt: skip


def test_it_is_plain():
    """Each layer is one ADD; nothing of BuildKit's, nothing run, nothing fetched."""
    text = dockerfile(SPEC, ["dependencies.tar.gz", "model.tar.gz"], "/var/task")

    assert [
        "FROM base:3", "ADD dependencies.tar.gz /", "ADD model.tar.gz /",
        'ENV A="say \\"hi\\" for \\$5 \\\\o/" B="2"', 'LABEL team="risk"',
        "USER 993:990", 'ENTRYPOINT ["/python", "-I"]', "CMD []",
    ] == text.splitlines()  # fmt: skip
    assert not re.search(r"RUN|--mount|--link|--chmod|<<|# syntax", text)


def test_a_working_folder_that_is_there_is_not_said_again():
    """It would be a layer of nothing."""
    assert "WORKDIR /var/task" in dockerfile(SPEC, [], "/")
