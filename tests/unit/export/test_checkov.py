"""Templates as checkov reads them, where it is installed apart from us."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from mlflow_serverless.export import Format, Syntax, export
from tests.unit.export.wants import EVERYTHING, PLACE, way

pytestmark = pytest.mark.slow

BY_CHOICE = {
    "CKV_AWS_115": "reserved concurrency is asked for (concurrency)",
    "CKV_AWS_116": "a dead letter queue is for asynchronous calls: nobody makes any",
    "CKV_AWS_117": "a private network is asked for (vpc); a model needs none",
    "CKV_AWS_136": "a customer's key is asked for (kms_key); ECR encrypts without",
    "CKV_AWS_158": "likewise CloudWatch Logs",
    "CKV_AWS_173": "likewise variables, which the audit keeps free of secrets",
}
NEVER = {
    "CKV_AWS_116": BY_CHOICE["CKV_AWS_116"],
    "CKV_AWS_111": "X-Ray, and joining a network, know no narrower resource",
}


@pytest.fixture(scope="module")
def checkov():
    """The program."""
    found = os.environ.get("CHECKOV") or shutil.which("checkov")
    if found is None:
        pytest.skip("no checkov: uv tool install checkov, or name it by CHECKOV")
    return found


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"url.auth": "iam"}, {*BY_CHOICE}), (EVERYTHING, {*NEVER})],
    ids=["plain", "everything"],
)
def test_checkov_finds_what_is_known_and_nothing_else(
    checkov, tmp_path, given, expected
):
    """What is left to choose is found where it was not chosen, and only there."""
    file = tmp_path / "stack.json"
    text = export(way(given), PLACE, Format.CLOUDFORMATION, Syntax.JSON)
    file.write_text(text)
    done = subprocess.run(
        [checkov, "-f", str(file), "--framework", "cloudformation", "--output", "json",
         "--compact", "--quiet", "--skip-download"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    found = json.loads(done.stdout)["results"]["failed_checks"]

    assert expected == {check["check_id"] for check in found}
