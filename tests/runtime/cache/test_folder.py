"""A folder of digests: budget, eviction, leftovers, and several fillers at once."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lambda_runtime.cache import check
from lambda_runtime.cache.disk import RealDisk
from lambda_runtime.cache.folder import Folder
from lambda_runtime.cache.sweep import PRIVATE, SHARED, Manners
from lambda_runtime.cache.tier import Limit, Miss, NoRoom
from lambda_runtime.manifest import File
from tests.fakes.cache_world import CacheWorld, file_of

ROOT = Path(__file__).parents[3]
CONTENTS = [bytes([number]) * 1000 for number in range(5)]
FILES = [file_of(content) for content in CONTENTS]


def filler(content: bytes):
    """What writes *content* and tells its true digest."""

    def fill(fd: int) -> str:
        os.write(fd, content)
        return file_of(content).sha256

    return fill


def folder(root: Path, budget: int | None = None, manners: Manners = PRIVATE):
    """A folder as a new process opens it."""
    return Folder(str(root), budget, manners, RealDisk())


def put(where: Folder, number: int) -> str:
    """Receive the file of that number, and let go of it."""
    return where.receive(FILES[number], filler(CONTENTS[number]), Limit(5))


def names(root: Path) -> set[str]:
    """Finished and unfinished files."""
    return {item.name for item in root.iterdir() if item.name not in {".lock", "view"}}


def test_the_longest_unused_is_evicted(tmp_path: Path):
    """Over its budget the folder drops what was used longest ago, and only that."""
    where = folder(tmp_path, 2500)
    for number in (0, 1):
        put(where, number)
        where.close()
        os.utime(tmp_path / FILES[number].sha256, (number, number))
    where.find(FILES[0], Limit(5))
    where.close()
    put(where, 2)

    assert {FILES[0].sha256, FILES[2].sha256} == names(tmp_path)


def test_what_is_in_use_is_never_evicted(tmp_path: Path):
    """A file this process was given stays, whoever needs its space."""
    where = folder(tmp_path, 2500)
    put(where, 0)
    put(where, 1)

    with pytest.raises(NoRoom, match="1000 bytes do not fit beside 2000 in use"):
        put(where, 2)
    with pytest.raises(NoRoom):
        put(folder(tmp_path, 2500), 2)
    assert {FILES[0].sha256, FILES[1].sha256} == names(tmp_path)


def test_a_shared_folder_spares_what_was_used_today(tmp_path: Path):
    """On a mount only files untouched for a day go: others may map them."""
    where = folder(tmp_path, 2500, SHARED)
    put(where, 0)
    put(where, 1)
    with pytest.raises(NoRoom):
        put(where, 2)
    long_ago = time.time() - SHARED.grace_s - 1
    os.utime(tmp_path / FILES[0].sha256, (long_ago, long_ago))
    put(where, 2)

    assert {FILES[1].sha256, FILES[2].sha256} == names(tmp_path)


def test_eviction_frees_the_space_that_views_hold(world: CacheWorld):
    """Hard links under a graph's own name do not keep an evicted file's space."""
    world.mounted(FILES[0], CONTENTS[0])
    world.mounted(FILES[1], CONTENTS[1])
    first = world.open(world.manifest(FILES[0], budget=1500))
    path = Path(first.path_of(FILES[0]))
    first.close()
    second = world.open(world.manifest(FILES[1], budget=1500))
    second.path_of(FILES[1])

    assert "tmp" == second.hits[0].kept
    assert not path.exists()


def test_leftovers_of_killed_writers_go(tmp_path: Path):
    """Unfinished files go when they are old and unlocked; a live writer's stays."""
    for name in ("dead", "young", "alive"):
        (tmp_path / f".part-{name}").write_bytes(b"x")
    old = time.time() - PRIVATE.leftovers_s - 1
    os.utime(tmp_path / ".part-dead", (old, old))
    os.utime(tmp_path / ".part-alive", (old, old))
    with (tmp_path / ".part-alive").open() as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        put(folder(tmp_path), 0)

    assert {".part-young", ".part-alive", FILES[0].sha256} == names(tmp_path)


def test_wrong_content_never_gets_a_name(tmp_path: Path):
    """A filler that wrote something else, or that failed, leaves nothing."""
    where = folder(tmp_path)

    with pytest.raises(check.Corrupt):
        where.receive(FILES[0], filler(CONTENTS[1]), Limit(5))
    with pytest.raises(ZeroDivisionError):
        where.receive(FILES[0], lambda _: str(1 // 0), Limit(5))
    with pytest.raises(Miss, match="within"):
        where.receive(FILES[0], filler(CONTENTS[0]), Limit(0))
    assert set() == names(tmp_path)


def test_a_killed_filler_leaves_nothing_visible(tmp_path: Path):
    """SIGKILL amid a write: no file under the digest, and space is reclaimed."""
    script = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "from lambda_runtime.cache.disk import RealDisk\n"
        "from lambda_runtime.cache.folder import Folder\n"
        "from lambda_runtime.cache.sweep import PRIVATE\n"
        "from lambda_runtime.cache.tier import Limit\n"
        "from lambda_runtime.manifest import File\n"
        "def die(fd): os.write(fd, b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
        "Folder(sys.argv[2], None, PRIVATE, RealDisk()).receive(\n"
        "    File('m', sys.argv[3], 1000), die, Limit(5))\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", script, ROOT, tmp_path, FILES[0].sha256], check=False
    )
    (left,) = names(tmp_path)
    os.utime(tmp_path / left, (0, 0))
    put(folder(tmp_path), 0)

    assert -9 == died.returncode
    assert left.startswith(".part-")
    assert {FILES[0].sha256} == names(tmp_path)


def test_many_processes_fill_one_folder(tmp_path: Path):
    """Several processes fill and evict at once: every one gets right content."""
    content = os.urandom(1_000_000)
    files = [file_of(content + bytes([number])) for number in range(4)]
    mount, store = tmp_path / "mount", tmp_path / "store"
    mount.mkdir()
    for number, file in enumerate(files):
        (mount / file.sha256).write_bytes(content + bytes([number]))
    script = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "from lambda_runtime.cache.disk import RealDisk\n"
        "from lambda_runtime.cache.folder import Folder\n"
        "from lambda_runtime.cache.stores import Mount\n"
        "from lambda_runtime.cache.sweep import PRIVATE, SHARED\n"
        "from lambda_runtime.cache.tier import Limit, Miss\n"
        "from lambda_runtime.manifest import File\n"
        "disk, served = RealDisk(), 0\n"
        "mount = Mount(Folder(sys.argv[2], None, SHARED, disk), disk)\n"
        "for turn in range(12):\n"
        "    store = Folder(sys.argv[3], 2_100_000, PRIVATE, disk)\n"
        "    sha = sys.argv[4 + turn % 4]\n"
        "    file = File('m', sha, 1_000_001)\n"
        "    try: path = store.find(file, Limit(5))\n"
        "    except Miss: path = mount.find(file, [store], Limit(5)).path\n"
        "    data = open(path, 'rb').read()\n"
        "    assert hashlib.sha256(data).hexdigest() == sha\n"
        "    store.close()\n"
    )
    argv = [sys.executable, "-c", script, ROOT, mount, store]
    argv += [file.sha256 for file in files]
    running = [subprocess.Popen(argv, stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate(timeout=60)[1].decode() for process in running]

    assert ["", "", "", ""] == errors
    assert sum(item.stat().st_size for item in store.iterdir()) <= 2_100_000
    assert names(store) <= {file.sha256 for file in files}


def test_a_folder_that_is_no_folder_is_no_room(tmp_path: Path):
    """A file where the folder should be is reported, not raised through."""
    (tmp_path / "store").write_bytes(b"")

    with pytest.raises(NoRoom):
        put(folder(tmp_path / "store"), 0)
    with pytest.raises(Miss):
        folder(tmp_path / "store").find(File("m", "0" * 64, 1), Limit(5))
