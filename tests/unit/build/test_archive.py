"""A tar is its names and contents, and nothing of the machine."""

from __future__ import annotations

import os
import tarfile

from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.build.archive import entries_of, write_tar
from mlflow_serverless.build.same import first_difference

NAMES = st.text("abcé-._ ", min_size=1, max_size=120).filter(
    lambda name: name.strip(". ") == name and name
)
TREES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/d/".join).map(str),
    st.binary(max_size=50),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(tree=TREES, when=st.integers(0, 2**31))
def test_the_same_files_give_the_same_bytes(tmp_path_factory, tree, when):
    """In any order of making, at any time, with any mode that can be read."""
    digests = []
    for turn in (1, -1):
        root = tmp_path_factory.mktemp("tree")
        entries = {}
        for number, (name, content) in enumerate(list(tree.items())[::turn]):
            path = root / str(number)
            path.write_bytes(content)
            path.chmod(0o600 if turn == 1 else 0o664)
            os.utime(path, (when, when * (turn + 2)))
            entries[name] = path
        digests.append(write_tar(entries, root / "tar"))

    assert digests[0] == digests[1]
    assert sum(map(len, tree.values())) == digests[0][1]


def test_links_and_programs_stay_what_they_are(tmp_path):
    """A link is a link; what its owner may run, all may run."""
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0o700)
    (tmp_path / "b").symlink_to("a")
    write_tar(entries_of(tmp_path), tmp_path / "tar")
    with tarfile.open(tmp_path / "tar") as tar:
        found = {member.name: member for member in tar}

    assert 0o755 == found["a"].mode
    assert "a" == found["b"].linkname


def test_a_difference_is_named(tmp_path):
    """Of two layers that look alike, the first path that is not the same."""
    tars = []
    for content in (b"x", b"y"):
        (tmp_path / "file").write_bytes(content)
        tars.append(tmp_path / content.decode())
        write_tar({"opt/file": tmp_path / "file"}, tars[-1])

    assert "" == first_difference(tars[0], tars[0])
    assert first_difference(tars[0], tars[1]).startswith("opt/file is ")
