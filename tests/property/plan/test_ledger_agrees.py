"""The embedded cloud's state file and the fake in memory are the same machine."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.local.ledger import Ledger
from mlflow_serverless.plan import (
    Actual,
    ChangeSettings,
    CreateFunction,
    DeleteFunction,
    Function,
    PointAlias,
    PublishVersion,
    PutArtifact,
    RemoveAlias,
    RemoveVersion,
    ReplaceArtifact,
    RouteAlias,
    SetTags,
    Settings,
    Step,
    after,
    content_of,
)
from tests.fakes.cloud import FakeCloud

NAME = "it"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.builds(
    Settings,
    memory_mb=st.sampled_from([128, 256]),
    timeout_s=st.just(3),
    environment=st.just(()) | texts.map(lambda text: (("KEY", text),)),
    concurrency=st.none() | st.integers(0, 3),
)
functions = st.builds(
    Function, name=st.just(NAME), artifact=st.sampled_from("ab"), settings=values
)
tags = st.just(()) | texts.map(lambda text: (("tag", text),))
contents = functions.map(content_of)
numbers = st.integers(1, 4).map(str)
aliases = st.sampled_from(["live", "next"])
shares = st.just(()) | st.tuples(st.tuples(numbers, st.floats(0, 1)))
steps = st.one_of(
    st.builds(CreateFunction, functions, tags),
    st.builds(ReplaceArtifact, st.just(NAME), st.sampled_from("ab")),
    st.builds(ChangeSettings, st.just(NAME), values),
    st.builds(SetTags, st.just(NAME), tags),
    functions.map(lambda f: PublishVersion(NAME, content_of(f), "näte")),
    st.just(None),  # publish whatever the function is now
    st.builds(PointAlias, st.just(NAME), aliases, contents),
    st.builds(RouteAlias, st.just(NAME), aliases, numbers, shares, texts),
    st.builds(RemoveVersion, st.just(NAME), numbers),
    st.sampled_from("ab").map(lambda a: PutArtifact(NAME, a)),
    st.builds(RemoveAlias, st.just(NAME), aliases),
    st.builds(DeleteFunction, st.just(NAME)),
)


class Numbered(FakeCloud):
    """
    Gives versions the numbers that a state file gives them: the last plus one.

    Like a state file, it does not look whether artifacts are there.
    """

    def _see_artifact(self, step: Step) -> None:
        pass

    def perform(self, step: Step) -> None:
        before = len(self.snapshot(NAME).versions)
        kept = self._numbers
        self._numbers = iter([self.last + 1])
        super().perform(step)
        self._numbers = kept
        if len(self.snapshot(NAME).versions) > before:
            self.last += 1

    last = 0


def shape(have: Actual) -> tuple[object, ...]:
    """All but what is given by chance and by clocks."""
    versions = [
        (v.number, v.content, v.artifact, v.settings, v.note) for v in have.versions
    ]
    aliases = [(a.name, a.version, a.weights, a.note) for a in have.aliases]
    return have.function, have.tags, versions, aliases


@settings(max_examples=40, deadline=None)
@given(taken=st.lists(steps, max_size=12))
def test_whatever_is_done_both_end_the_same(taken):
    """Step by step, refusals included."""
    fake = Numbered()
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "state.db")
        for wished in taken:
            step = wished or publish(fake.snapshot(NAME))
            fates = [fate_in(fake, step), fate_in_file(ledger, step)]

            assert fates[0] == fates[1]
            assert shape(fake.snapshot(NAME)) == shape(ledger.look(NAME))


def publish(have: Actual) -> Step:
    content = content_of(have.function) if have.function else ""
    return PublishVersion(NAME, content, "")


def fate_in(cloud: FakeCloud, step: Step) -> str:
    with suppress(ServerlessError):
        cloud.perform(step)
        return "done"
    return "refused"


def fate_in_file(ledger: Ledger, step: Step) -> str:
    with suppress(ServerlessError):
        ledger.change(NAME, lambda have, fresh: after(step, have, fresh))
        return "done"
    return "refused"
