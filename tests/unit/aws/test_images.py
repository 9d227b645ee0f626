"""From how an image is to be packed to how it is built."""

from __future__ import annotations

import pytest

from mlflow_serverless.aws.images import options_of
from mlflow_serverless.build.errors import UnreadableListError
from mlflow_serverless.config import parse
from mlflow_serverless.plan import Packing, Place
from mlflow_serverless.topology import topology

PLACE = Place(region="us-east-1", account="123456789012")


def packing(**given: str) -> Packing:
    """What these options make of a packing."""
    return topology("fraud", parse(given), PLACE).packing


def test_a_lock_and_requirements_of_the_users_reach_the_builder(tmp_path):
    """The lock as it is, hashes and all; of requirements the lines that ask."""
    lock, wishes = tmp_path / "a.lock", tmp_path / "wishes.txt"
    lock.write_text("numpy==2.4.6 \\\n    --hash=sha256:00\n")
    wishes.write_text("# ours\nscikit-learn==1.9.0  # newest\n\n")
    given = {"image.lock": str(lock), "image.requirements": str(wishes)}
    options = options_of(packing(**given))

    assert lock.read_text() == options.lock
    assert ("scikit-learn==1.9.0",) == options.requirements
    assert ("", ()) == (options_of(packing()).lock, options_of(packing()).requirements)


@pytest.mark.parametrize("option", ["image.lock", "image.requirements"])
def test_a_file_that_is_not_there_is_named(option, tmp_path):
    """With the option that named it."""
    asked = packing(**{option: str(tmp_path / "gone")})

    with pytest.raises(UnreadableListError, match="No such file") as refusal:
        options_of(asked)
    assert option in refusal.value.hint


def test_neighbours_to_mount_layers_from_are_kept_in_order():
    """The first that has a layer gives it."""
    asked = packing(**{"image.mount_from": "ml/base,ml/other"})

    assert ("ml/base", "ml/other") == asked.mount_from
