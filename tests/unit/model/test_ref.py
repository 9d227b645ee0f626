"""References are read as MLflow reads them, and written back the same."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless.model import (
    LatestVersion,
    LocalFolder,
    LoggedModel,
    RegisteredAlias,
    RegisteredStage,
    RegisteredVersion,
    RunArtifact,
    parse_ref,
)
from mlflow_serverless.model.errors import BadModelUriError

names = st.text(
    st.characters(codec="utf-8", exclude_characters="/@:", exclude_categories=["C"]),
    min_size=1,
).filter(lambda name: name.strip() == name)


@given(name=names, version=st.integers(1, 10**6))
def test_what_is_written_reads_back(name, version):
    """
    Writing and reading are each other's inverse.
    """
    for ref in (
        RegisteredVersion(name, str(version)),
        RegisteredAlias(name, "champion"),
        RegisteredStage(name, "Staging"),
        LatestVersion(name),
        RunArtifact("abc", f"{name}/model"),
    ):
        assert ref == parse_ref(str(ref))


def test_a_model_id_is_a_logged_model():
    """
    `models:/m-…` with 32 hex digits is an id, not a name.
    """
    assert LoggedModel(f"m-{'a' * 32}") == parse_ref(f"models:/m-{'a' * 32}")


@pytest.mark.parametrize(
    ("text", "path"),
    [("model", "model"), ("/a/b", "/a/b"), ("file:///a%20b/c", "/a b/c")],
)
def test_everything_else_is_a_folder(text, path):
    """
    Paths and file URIs are folders.
    """
    assert LocalFolder(Path(path)) == parse_ref(text)


@pytest.mark.parametrize(
    "text",
    ["", "models:/", "models:/fraud", "models:/fraud/", "models:/@a", "runs:/abc",
     "s3://bucket/model", "models://profile/fraud/1", "models:/a/b@c/d", "dbfs:/x"],
)  # fmt: skip
def test_what_is_no_reference_lists_the_forms(text):
    """
    The error shows every form that would be understood.
    """
    with pytest.raises(BadModelUriError) as caught:
        parse_ref(text)

    assert "models:/NAME@ALIAS" in caught.value.hint


def test_a_stage_with_a_typo_is_guessed():
    """
    `Prodution` is answered with `Production`.
    """
    with pytest.raises(BadModelUriError, match="did you mean models:/a/Production"):
        parse_ref("models:/a/prodution")
