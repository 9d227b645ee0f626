"""Whatever happens to the tiers: right content or a refusal, within the budget."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lambda_runtime.faults import BrokenBundle
from tests.fakes.cache_world import CacheWorld, file_of
from tests.fakes.faulty_disk import Fault, FaultyDisk

CONTENTS = [bytes([number]) * (4000 + 1000 * number) for number in range(4)]
FILES = [file_of(text, f"model-{n}.onnx") for n, text in enumerate(CONTENTS)]
BUDGET = 12_000

numbers = st.integers(0, len(FILES) - 1)
faults = st.builds(
    Fault,
    call=st.sampled_from(
        [
            *("open", "close", "fstat", "preadv", "write", "posix_fallocate"),
            *("replace", "link", "symlink", "unlink", "makedirs"),
        ]
    ),
    where=st.sampled_from(["", "/mount/", "/store/", ".part-", "/view/"]),
    errno=st.sampled_from(
        [errno.EIO, errno.ENOSPC, errno.EACCES, errno.ESTALE, errno.EDQUOT]
    ),
    after=st.integers(0, 3),
)
flips = st.builds(
    Fault, call=st.just("preadv"), after=st.integers(0, 3), flip=st.sampled_from([True])
)


class Tiers(RuleBasedStateMachine):
    """Processes come and go over the same folders, while those are damaged."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = CacheWorld(Path(self.folder.name))
        self.disk = FaultyDisk()
        self.refusals: set[str] = set()
        self.manifest = self.world.manifest(*FILES, budget=BUDGET)
        self.start()

    @rule()
    def start(self) -> None:
        """A new process: the old one lets go, nothing is remembered."""
        self.world.close()
        self.cache = self.world.open(self.manifest, self.disk)
        self.served: dict[str, int] = {}

    @rule(number=numbers)
    def ask(self, number: int) -> None:
        """Right content, or a refusal that says what each tier said."""
        try:
            path = self.cache.path_of(FILES[number])
        except BrokenBundle as refused:
            self.refusals.add(refused.code)
        else:
            assert CONTENTS[number] == Path(path).read_bytes()
            self.served[path] = number

    @rule(number=numbers)
    def asks_again_on_a_sound_disk(self, number: int) -> None:
        """With the mount whole and no faults, every file is served."""
        self.disk.faults.clear()
        self.publish(number)
        self.ask(number)
        assert number in self.served.values()

    @rule(number=numbers)
    def publish(self, number: int) -> None:
        """Somebody puts the right file on the mount."""
        path = self.world.mount / FILES[number].sha256
        path.unlink(missing_ok=True)
        path.write_bytes(CONTENTS[number])

    @rule(
        number=numbers,
        at=st.integers(0, 3999),
        where=st.sampled_from(["s", "m"]),
        later=st.booleans(),
    )
    def corrupt(self, number: int, at: int, where: str, *, later: bool) -> None:
        """A byte changes in place, with size and times kept; somebody asks."""
        path = self.path(number, where)
        if path.exists():
            content, state = bytearray(path.read_bytes()), path.stat()
            content[at] ^= 255
            path.chmod(0o600)
            path.write_bytes(content)
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
            self.forget(number)
            if later:
                self.start()
            self.ask(number)

    @rule(number=numbers, where=st.sampled_from(["s", "m"]))
    def swap(self, number: int, where: str) -> None:
        """Another file's content comes under the name."""
        path = self.path(number, where)
        if path.exists():
            path.unlink()
            path.write_bytes(CONTENTS[number][:-1] + b"!")
            self.forget(number)
            self.ask(number)

    @rule(number=numbers, where=st.sampled_from(["s", "m"]))
    def lose(self, number: int, where: str) -> None:
        """The file vanishes."""
        self.path(number, where).unlink(missing_ok=True)
        self.forget(number)

    @rule(fault=st.one_of(faults, flips))
    def break_disk(self, fault: Fault) -> None:
        """Something fails from now on; two things at most."""
        self.disk.faults = [*self.disk.faults[-1:], fault]

    @rule()
    def mend_disk(self) -> None:
        """Nothing fails any more."""
        self.disk.faults.clear()

    def path(self, number: int, where: str) -> Path:
        """The file in the store, on the mount."""
        root = {"s": self.world.store, "m": self.world.mount}
        return root[where] / FILES[number].sha256

    def forget(self, number: int) -> None:
        """What was damaged in place is no longer promised to stay."""
        self.served = {p: n for p, n in self.served.items() if n != number}

    @invariant()
    def what_was_served_stays(self) -> None:
        """No eviction takes a file that this process was given."""
        for path, number in self.served.items():
            assert CONTENTS[number] == Path(path).read_bytes()

    @invariant()
    def refusals_have_known_codes(self) -> None:
        """A file is refused for two reasons only."""
        assert self.refusals <= {"model-corrupt", "model-unavailable"}

    @invariant()
    def the_budget_is_kept(self) -> None:
        """The store never holds more than it may."""
        if self.world.store.exists():
            sizes = [
                item.stat().st_size
                for item in self.world.store.iterdir()
                if item.is_file()
            ]
            assert sum(sizes) <= BUDGET

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.world.close()
        self.folder.cleanup()


Tiers.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None
)
TestTiers = Tiers.TestCase
