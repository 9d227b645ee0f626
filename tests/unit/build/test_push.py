"""A push sends what is not there, tells how far it is, and can be run again."""

from __future__ import annotations

import pytest

from mlflow_serverless.build import push
from mlflow_serverless.build.registry.errors import (
    RegistryUnreachableError,
    TagTakenError,
)
from tests.fakes.registry import FakeRegistry
from tests.fakes.tell import Heard, silent


@pytest.fixture
def image(workshop):
    """The small image."""
    return workshop.build()


def total(image) -> int:
    return image.bytes + image.blob(image.config_digest).stat().st_size


def test_the_first_push_sends_all_and_the_next_nothing(workshop, image):
    """The digest is the one that was known before; the address has no tag in it."""
    client = workshop.client()
    first = push(image, client, "ml/a", tell=silent, tag="v1")
    second = push(image, client, "ml/a", tell=silent, tag="v1")

    assert f"{client.host}/ml/a@{image.digest}" == first.address == second.address
    assert (total(image), 0, 0) == (
        first.sent_bytes, first.mounted_bytes, first.present_bytes
    )  # fmt: skip
    assert (0, 0, total(image)) == (
        second.sent_bytes, second.mounted_bytes, second.present_bytes
    )  # fmt: skip
    assert image.digest == client.manifest_digest("ml/a", "v1")


def test_a_neighbours_layers_are_mounted(workshop, image):
    """Not a byte is sent."""
    client = workshop.client()
    push(image, client, "ml/a", tell=silent)
    again = push(image, client, "ml/b", tell=silent, mount_from=["ml/none", "ml/a"])

    assert (0, total(image)) == (again.sent_bytes, again.mounted_bytes)
    assert image.digest == client.manifest("ml/b", image.digest).digest


def test_progress_is_told_in_bytes(workshop, image):
    """Every blob from nothing to all of it, never backwards."""
    heard = Heard()
    push(image, workshop.client(), "ml/a", tell=heard)
    told = [fields for event, fields in heard.events if event == "push.progress"]

    for layer in image.layers:
        parts = [x["part"] for x in told if x["bytes"] == layer.bytes]
        assert sorted(parts) == parts
        assert 1.0 == parts[-1]
    assert "push.done" == heard.events[-1][0]


def test_an_interrupted_push_is_finished_by_the_next(workshop, image):
    """Wherever it broke, running again sends only what is missing."""
    client = workshop.client(wait=lambda _: None)
    workshop.registry.misbehave("POST", "", "", *["503"] * 5)
    with pytest.raises(RegistryUnreachableError):
        push(image, client, "ml/a", tell=silent)
    there = sum(len(x) for x in workshop.registry.blobs["ml/a"].values())
    sent = push(image, client, "ml/a", tell=silent)

    assert 0 < there
    assert total(image) == sent.sent_bytes + there
    assert there == sent.present_bytes


def test_an_immutable_tag_of_another_image_is_refused(workshop, image):
    """Before the manifest is touched, and what is there stays."""
    with FakeRegistry(immutable=True) as fake:
        client = type(workshop.client())(fake.host)
        push(image, client, "ml/a", tell=silent, tag="v1")
        other = workshop.build(labels={"other": "1"})

        with pytest.raises(TagTakenError, match=image.digest):
            push(other, client, "ml/a", tell=silent, tag="v1")
        assert image.digest == client.manifest_digest("ml/a", "v1")
        push(other, client, "ml/a", tell=silent)
        assert other.digest == client.manifest("ml/a", other.digest).digest
