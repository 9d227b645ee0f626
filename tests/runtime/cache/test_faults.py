"""Each tier missing, slow, truncated, corrupt, full, forbidden, failing mid-way."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lambda_runtime.cache import ranges
from tests.fakes.cache_world import CacheWorld, file_of
from tests.fakes.faulty_disk import Fault, FaultyDisk
from tests.fakes.s3_server import FakeS3, Mishap, serving

CONTENT = os.urandom(1_500_000)
"""More than is read at a time, so that something can fail half-way."""

MODEL = file_of(CONTENT)
KEY = f"/bucket/models/{MODEL.sha256}"
FOREVER = 999

TIERS = ("bundle", "tmp", "mount", "s3")
FAULTS = ("missing", "slow", "truncated", "corrupt", "full", "denied", "mid-way")

CELLS = [
    (tier, fault)
    for tier in TIERS
    for fault in FAULTS
    if (tier, fault) != ("bundle", "full")
]
"""All but one: nothing is ever written to a bundle."""


@dataclass
class Scene:
    """Every tier's place, and the sound copy that is asked last."""

    world: CacheWorld
    s3: FakeS3
    disk: FaultyDisk

    def put(self, tier: str, content: bytes = CONTENT) -> None:
        """Let *tier* hold *content* under the model's name."""
        if tier == "bundle":
            self.world.bundled(MODEL, content)
        elif tier == "tmp":
            self.world.store.mkdir()
            (self.world.store / MODEL.sha256).write_bytes(content)
        elif tier == "mount":
            self.world.mounted(MODEL, content)
        else:
            self.s3.objects[KEY] = content

    def disk_fails(self, call: str, tier: str, **how: object) -> None:
        """Let *call* fail wherever *tier* lies."""
        where = {"bundle": "/bundle/", "tmp": "/store/", "mount": "/mount/"}[tier]
        self.disk.faults.append(Fault(call, where, **how))  # type: ignore[arg-type]

    def s3_fails(self, kind: str, **how: object) -> None:
        """Let every answer of the bucket go wrong."""
        self.s3.mishaps.append(Mishap(kind, FOREVER, **how))  # type: ignore[arg-type]


def missing(_scene: Scene, _tier: str) -> None:
    """It was never there."""


def slow(scene: Scene, tier: str) -> None:
    """Slower than the time it is given: a mount and a bucket hang altogether."""
    scene.put(tier)
    if tier == "s3":
        scene.s3_fails("stall", after=0)
    elif tier == "mount":
        scene.disk_fails("open", tier, stall_s=30)
    else:
        scene.disk_fails("preadv", tier, stall_s=0.6, times=1)


def truncated(scene: Scene, tier: str) -> None:
    """The end is lacking."""
    scene.put(tier, CONTENT[:-1])


def corrupt(scene: Scene, tier: str) -> None:
    """One byte is another."""
    scene.put(tier, CONTENT[:-7] + b"!" + CONTENT[-6:])


def full(scene: Scene, tier: str) -> None:
    """It takes nothing: what arrives must be kept elsewhere."""
    scene.disk_fails("posix_fallocate", "tmp", errno=errno.ENOSPC)
    if tier != "tmp":
        scene.put(tier)


def denied(scene: Scene, tier: str) -> None:
    """It may not be read."""
    scene.put(tier)
    if tier == "s3":
        scene.s3_fails("status", status=403, code="AccessDenied")
    else:
        scene.disk_fails("open", tier, errno=errno.EACCES)


def mid_way(scene: Scene, tier: str) -> None:
    """Half of it comes, and then no more."""
    scene.put(tier)
    if tier == "s3":
        scene.s3_fails("reset", after=0)
    else:
        scene.disk_fails("preadv", tier, errno=errno.EIO, after=1)


HOW: dict[str, Callable[[Scene, str], None]] = dict(
    zip(FAULTS, (missing, slow, truncated, corrupt, full, denied, mid_way), strict=True)
)


@pytest.fixture
def scene(world, monkeypatch):
    monkeypatch.setattr(ranges, "STALL_S", 0.2)
    fake = FakeS3()
    with serving(fake) as address:
        for name, value in {
            "AWS_ENDPOINT_URL_S3": address, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-central-1",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield Scene(world, fake, FaultyDisk())


@pytest.mark.parametrize(("tier", "fault"), CELLS)
def test_a_tier_that_fails_is_a_tier_that_lacks_the_file(scene, tmp_path, tier, fault):
    """
    The right content is served, in time, whatever happened to any one tier; what that
    tier said is on record, and nothing unfinished is left.
    """
    HOW[fault](scene, tier)
    sound = tmp_path / "sound"
    sound.mkdir()
    (sound / MODEL.sha256).write_bytes(CONTENT)
    options = {"timeout_s": 0.35, "verify_bundle": True}
    manifest = scene.world.manifest(
        MODEL, tiers=" ".join(TIERS), s3="s3://bucket/models", options=options
    )
    last = manifest.tiers[TIERS.index("mount")]._replace(root=str(sound))
    tiers = (*manifest.tiers, last)
    cache = scene.world.open(manifest._replace(tiers=tiers), scene.disk)
    began = time.monotonic()
    path = cache.path_of(MODEL)
    took = time.monotonic() - began
    (hit,) = cache.hits
    said = {line.partition(":")[0] for line in hit.said}

    assert CONTENT == Path(path).read_bytes()
    assert took < 5
    if fault == "full":
        assert tier in {"tmp", hit.tier}
        assert "tmp" != hit.kept
    else:
        assert tier in said
        assert len(TIERS) == len(hit.said)
    assert [] == list(scene.world.scratch.rglob(".part-*"))
