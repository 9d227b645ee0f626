"""First hit wins, fills the tiers above it, and is always the right content."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lambda_runtime.cache.tier import Limit
from lambda_runtime.faults import BrokenBundle
from lambda_runtime.manifest import File
from lambda_runtime.manifest_read import from_plain
from lambda_runtime.manifest_write import to_plain
from tests.fakes.cache_world import CacheWorld, file_of, in_pieces
from tests.fakes.faulty_disk import Fault, FaultyDisk

CONTENT = os.urandom(3_000_000)
MODEL = file_of(CONTENT)
DATA_CONTENT = os.urandom(10_000)
DATA = file_of(DATA_CONTENT, "model.data")


def test_the_bundle_is_served_in_place(world: CacheWorld):
    """A file beside the manifest is used where it is: no copy, no digest, no folder."""
    beside = world.bundled(MODEL, CONTENT)
    cache = world.open(world.manifest(MODEL))

    assert str(beside) == cache.path_of(MODEL)
    assert ["bundle"] == [hit.tier for hit in cache.hits]
    assert [] == list(world.scratch.iterdir())


def test_a_bundle_needs_few_modules(world: CacheWorld):
    """Serving from the bundle imports neither digests, sockets, TLS nor threads."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "before = set(sys.modules);"
        "from lambda_runtime.cache.tier import Bundle, Limit;"
        "import lambda_runtime.cache;"
        "new = set(sys.modules) - before;"
        "print(' '.join(sorted(new & {'hashlib', '_hashlib', '_socket', '_ssl', "
        "'typing', 'dataclasses', 'enum', 're', 'threading', 'fcntl', 'mmap', "
        "'lambda_runtime.cache.tiers', 'lambda_runtime.cache.folder'})))"
    )
    root = Path(__file__).parents[3]
    out = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(root)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "" == out.stdout.strip()


def test_a_mount_fills_tmp(world: CacheWorld):
    """What the mount had is served from /tmp, and /tmp answers the next process."""
    world.mounted(MODEL, CONTENT)
    first = world.open(world.manifest(MODEL))
    path = first.path_of(MODEL)
    again = world.open(world.manifest(MODEL))
    again.path_of(MODEL)

    assert CONTENT == Path(path).read_bytes()
    assert path.endswith("/model.onnx")
    assert [("mount", "tmp")] == [(hit.tier, hit.kept) for hit in first.hits]
    assert ["tmp"] == [hit.tier for hit in again.hits]
    assert first.hits[0].ms > 0


def test_what_each_tier_cost_is_told(world: CacheWorld, capfd):
    """A record for every tier that was asked, and a line if a nearer one had it not."""
    world.mounted(MODEL, CONTENT)
    cache = world.open(world.manifest(MODEL))
    cache.path_of(MODEL)
    (line,) = capfd.readouterr().err.splitlines()
    (hit,) = cache.hits

    assert line.startswith("cache.hit file=model.onnx tier=mount kept=tmp bytes=300000")
    assert "said=bundle: no such file or directory; tmp: no such file" in line
    assert "spent_ms=bundle:" in line
    assert ["bundle", "tmp", "mount"] == [tier for tier, _ in hit.spent]
    assert hit.ms == sum(ms for _, ms in hit.spent) > 0


def test_a_bundle_is_used_without_a_word(world: CacheWorld, capfd):
    """Where the nearest tier has it there is nothing to tell."""
    world.bundled(MODEL, CONTENT)
    world.open(world.manifest(MODEL)).path_of(MODEL)

    assert "" == capfd.readouterr().err


def test_nothing_is_evicted_for_what_the_mount_lacks(world: CacheWorld):
    """Room in /tmp is made for what is there to come, not for what was hoped for."""
    world.mounted(DATA, DATA_CONTENT)
    manifest = world.manifest(MODEL, DATA, budget=MODEL.bytes)
    world.open(manifest).path_of(DATA)
    world.close()

    with pytest.raises(BrokenBundle):
        world.open(manifest).path_of(MODEL)
    assert (world.store / DATA.sha256).exists()


def test_asking_twice_looks_once(world: CacheWorld):
    """A path that still holds the checked content is given again without a search."""
    world.mounted(MODEL, CONTENT)
    cache = world.open(world.manifest(MODEL))

    assert cache.path_of(MODEL) == cache.path_of(MODEL)
    assert 1 == len(cache.hits)


@pytest.mark.parametrize("tiers", ["bundle tmp mount", "bundle mount", "mount"])
def test_external_data_lies_beside_its_graph(world: CacheWorld, tiers: str):
    """Graph and data have their own names in one real folder, from any tier."""
    world.mounted(MODEL, CONTENT)
    world.mounted(DATA, DATA_CONTENT)
    cache = world.open(world.manifest(MODEL, DATA, needs=("model.data",), tiers=tiers))
    graph = Path(cache.path_of(MODEL))

    assert CONTENT == graph.read_bytes()
    assert DATA_CONTENT == (graph.parent / "model.data").read_bytes()
    assert str(graph.parent / "model.data") == cache.path_of(DATA)
    assert ("model.onnx", "model.data") == (graph.name, "model.data")
    resolved = {
        os.path.dirname(os.path.realpath(graph.parent / n))
        for n in ("model.onnx", "model.data")
    }
    assert 1 == len(resolved)


def test_data_shared_by_two_graphs_is_checked_once(world: CacheWorld):
    """Our own links do not make the cache read a large file a second time."""
    other = file_of(CONTENT[:-1], "other.onnx")
    for file, content in (
        (MODEL, CONTENT),
        (other, CONTENT[:-1]),
        (DATA, DATA_CONTENT),
    ):
        world.mounted(file, content)
    manifest = world.manifest(MODEL, other, DATA, needs=("model.data",))
    twin = manifest.variants[0]._replace(name="twin", file="other.onnx")
    cache = world.open(
        manifest._replace(variants=(*manifest.variants, twin)), disk := FaultyDisk()
    )
    first = Path(cache.path_of(MODEL))
    disk.faults.append(Fault("preadv", f"/store/{DATA.sha256}"))
    second = Path(cache.path_of(other))

    assert DATA_CONTENT == (first.parent / "model.data").read_bytes()
    assert DATA_CONTENT == (second.parent / "model.data").read_bytes()


def test_a_bundled_graph_moves_to_its_data(world: CacheWorld):
    """If only the data is elsewhere, the graph is copied to where the data lies."""
    world.bundled(MODEL, CONTENT)
    world.mounted(DATA, DATA_CONTENT)
    cache = world.open(world.manifest(MODEL, DATA, needs=("model.data",)))
    graph = Path(cache.path_of(MODEL))

    assert CONTENT == graph.read_bytes()
    assert DATA_CONTENT == (graph.parent / "model.data").read_bytes()
    assert not graph.is_relative_to(world.bundle)


def test_a_group_that_fits_nowhere_is_used_on_the_mount(world: CacheWorld):
    """With too small a /tmp, graph and data are linked into one folder of the mount."""
    world.mounted(MODEL, CONTENT)
    world.mounted(DATA, DATA_CONTENT)
    cache = world.open(
        world.manifest(MODEL, DATA, needs=("model.data",), budget=1_000_000)
    )
    graph = Path(cache.path_of(MODEL))

    assert CONTENT == graph.read_bytes()
    assert DATA_CONTENT == (graph.parent / "model.data").read_bytes()
    assert world.mount == graph.resolve().parent


def corrupt(path: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def truncate(path: Path) -> None:
    """Lose the end."""
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1])


def swap_for_a_pipe(path: Path) -> None:
    """A pipe nobody writes to: opening it for reading would hang."""
    path.unlink()
    os.mkfifo(path)


def swap_for_a_link(path: Path) -> None:
    """A link to the right content elsewhere, whose target may change unseen."""
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


DAMAGES = [corrupt, truncate, swap_for_a_pipe, swap_for_a_link, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_in_tmp_is_fetched_again(world: CacheWorld, damage):
    """Whatever happened to the file in /tmp, the mount serves and /tmp is mended."""
    world.mounted(MODEL, CONTENT)
    world.open(world.manifest(MODEL)).path_of(MODEL)
    world.close()
    damage(world.store / MODEL.sha256)
    cache = world.open(world.manifest(MODEL))

    assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()
    assert "mount" == cache.hits[0].tier
    assert cache.hits[0].said[1].startswith("tmp: ")
    assert CONTENT == (world.store / MODEL.sha256).read_bytes()


@pytest.mark.parametrize("damage", [truncate, swap_for_a_pipe, Path.unlink])
def test_damage_in_the_bundle_is_fetched(world: CacheWorld, damage):
    """A file of an image that is cut, odd or gone is not served: the mount's is."""
    world.mounted(MODEL, CONTENT)
    damage(world.bundled(MODEL, CONTENT))
    cache = world.open(world.manifest(MODEL))

    assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()
    assert "mount" == cache.hits[0].tier
    assert cache.hits[0].said[0].startswith("bundle: ")


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_on_the_last_tier_is_refused(world: CacheWorld, damage):
    """Wrong content is never served, and the error says what each tier said."""
    damage(world.mounted(MODEL, CONTENT))
    cache = world.open(world.manifest(MODEL))

    with pytest.raises(BrokenBundle) as caught:
        cache.path_of(MODEL)

    gone = damage in {Path.unlink, swap_for_a_link}
    assert ("model-unavailable" if gone else "model-corrupt") == caught.value.code
    for kind in ("bundle: ", "tmp: ", "mount: "):
        assert kind in str(caught.value)
    left = [item.name for item in world.scratch.rglob("*") if item.is_file()]
    assert {".lock"} >= set(left)


@pytest.mark.parametrize("damage", [corrupt, swap_for_a_pipe, Path.unlink])
def test_a_swap_after_the_check_is_noticed(world: CacheWorld, damage):
    """A file changed between two requests for its path is checked anew."""
    world.mounted(MODEL, CONTENT)
    cache = world.open(world.manifest(MODEL))
    before = Path(cache.path_of(MODEL))
    damage(before)

    assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()
    assert 2 == len(cache.hits)


def test_a_mark_cannot_be_forged(world: CacheWorld):
    """Same size, same times, even the same inode: other content is still noticed."""
    world.mounted(MODEL, CONTENT)
    cache = world.open(world.manifest(MODEL))
    path = Path(cache.path_of(MODEL))
    state = path.stat()
    corrupt(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    path.chmod(0o400)

    assert state.st_ino == path.stat().st_ino
    assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()


def test_a_bundle_is_checked_if_asked(world: CacheWorld):
    """`verify_bundle` checks digests of image files too; without it, sizes."""
    corrupt(world.bundled(MODEL, CONTENT))
    world.mounted(MODEL, CONTENT)
    trusting = world.open(world.manifest(MODEL))
    strict = world.open(world.manifest(MODEL, options={"verify_bundle": True}))
    trusting.path_of(MODEL)

    assert CONTENT == Path(strict.path_of(MODEL)).read_bytes()
    assert ["bundle"] == [hit.tier for hit in trusting.hits]
    assert ["mount"] == [hit.tier for hit in strict.hits]


TMP_FAULTS = [
    Fault("makedirs", "/store", errno.EROFS),
    Fault("open", ".part-", errno.EACCES),
    Fault("open", ".part-", errno.ENOSPC),
    Fault("posix_fallocate", ".part-", errno.ENOSPC),
    Fault("write", ".part-", errno.ENOSPC, after=2),
    Fault("write", ".part-", errno.EIO, after=1),
    Fault("replace", "/store/", errno.EIO),
]


@pytest.mark.parametrize("fault", TMP_FAULTS, ids=lambda f: f"{f.call}-{f.errno}")
def test_a_tmp_that_fails_leaves_the_mount(world: CacheWorld, fault: Fault):
    """Full, forbidden or broken half-way: the mount serves, nothing is left."""
    world.mounted(MODEL, CONTENT)
    cache = world.open(world.manifest(MODEL), FaultyDisk([fault]))

    assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()
    assert "mount" == cache.hits[0].kept
    names = [p.name for p in world.store.iterdir()] if world.store.exists() else []
    assert [] == [name for name in names if name != ".lock"]


MOUNT_FAULTS = [
    Fault("open", "/mount/", errno.EACCES),
    Fault("open", "/mount/", errno.ESTALE),
    Fault("fstat", "/mount/", errno.EIO),
    Fault("preadv", "/mount/", errno.EIO, after=1),
    Fault("preadv", "/mount/", flip=True, after=1),
    Fault("open", "/mount/", stall_s=30),
    Fault("preadv", "/mount/", stall_s=30, after=1),
]


@pytest.mark.parametrize(
    "fault", MOUNT_FAULTS, ids=lambda f: f"{f.call}-{f.errno}-{f.stall_s}-{f.flip}"
)
def test_a_mount_that_fails_goes_to_the_next_tier(world: CacheWorld, fault, tmp_path):
    """Denied, stale, broken or hanging: the second mount answers, and in time."""
    world.mounted(MODEL, CONTENT)
    other = tmp_path / "other"
    other.mkdir()
    (other / MODEL.sha256).write_bytes(CONTENT)
    manifest = world.manifest(MODEL, options={"timeout_s": 0.3})
    tier = manifest.tiers[-1]._replace(root=str(other))
    cache = world.open(
        manifest._replace(tiers=(*manifest.tiers, tier)), FaultyDisk([fault])
    )
    started = time.monotonic()

    assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()
    assert time.monotonic() - started < 3
    assert cache.hits[0].said[-1].startswith("mount: ")


def test_a_disk_without_hard_links_gets_soft_ones(world: CacheWorld):
    """Graph and data stay side by side where the disk refuses hard links."""
    world.mounted(MODEL, CONTENT)
    world.mounted(DATA, DATA_CONTENT)
    disk = FaultyDisk([Fault("link", errno=errno.EPERM)])
    cache = world.open(world.manifest(MODEL, DATA, needs=("model.data",)), disk)
    graph = Path(cache.path_of(MODEL))

    assert graph.is_symlink()
    assert CONTENT == graph.read_bytes()
    assert DATA_CONTENT == (graph.parent / "model.data").read_bytes()


def test_a_mount_that_is_not_mounted_is_not_made(world: CacheWorld):
    """Writing through must not fill the local disk under a mount's name."""
    world.mount.rmdir()
    manifest = world.manifest(MODEL, tiers="mount", options={"write_through": True})
    cache = world.open(manifest)
    source = world.bundled(MODEL, CONTENT)

    assert not cache._tiers().write_through(MODEL, str(source), Limit(5))
    assert not world.mount.exists()


def test_pieces_survive_the_manifest(world: CacheWorld):
    """What the deployer writes of pieces is what the runtime reads."""
    manifest = world.manifest(in_pieces(MODEL, CONTENT))

    assert manifest == from_plain(json.loads(json.dumps(to_plain(manifest))))


@pytest.mark.parametrize(
    "file",
    [
        File("../model.onnx", MODEL.sha256, 1),
        File("/etc/passwd", MODEL.sha256, 1),
        File("a//b", MODEL.sha256, 1),
        File("model.onnx", "../../etc/passwd", 1),
        File("model.onnx", "A" * 64, 1),
        File("mo\0del", MODEL.sha256, 1),
    ],
)
def test_names_that_leave_the_bundle_are_refused(world: CacheWorld, file: File):
    """A manifest cannot make the cache read or write outside its folders."""
    with pytest.raises(BrokenBundle) as caught:
        world.open(world.manifest(file)).path_of(file)

    assert "manifest-malformed" == caught.value.code
