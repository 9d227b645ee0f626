"""Our modules out of one file of bytecode: the same modules, and nothing else read."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lambda_runtime.packed import FILE, find_packed
from mlflow_serverless.build.layers import DOORSTEP, OURS, lay_out_runtime
from mlflow_serverless.build.toolchain import this_python
from tests.fakes.bundle import EVENT, native_library, write_bundle
from tests.fakes.loop_process import ENTRY, LEAN, Runtime

TELL = """
import json, sys
from importlib.util import find_spec
sys.path.append(sys.argv[1])
opened = []
def watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        opened.append(str(args[0]))
sys.addaudithook(watch)
told = {}
for name in sys.argv[2:]:
    spec = find_spec(name)
    path = list(spec.submodule_search_locations or ())
    told[name] = [spec.origin, spec.parent, path, type(spec.loader).__name__]
print(json.dumps([told, [name for name in opened if "lambda_runtime" in name]]))
"""
"""Specifications, which are found with nothing imported but packages."""

FAILS = """
from lambda_runtime.settings import read
read({"MLFLOW_SERVERLESS_LOG": "loud"}, root="/")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Our code as an image has it."""
    folder = tmp_path_factory.mktemp("site")
    lay_out_runtime(folder, this_python())
    return folder


def modules() -> list[str]:
    """Names of all modules of ours."""
    paths = [path for path in sorted(OURS.rglob("*.py")) if path.stem != "__main__"]
    dotted = [".".join(p.relative_to(OURS.parent).with_suffix("").parts) for p in paths]
    return [name.removesuffix(".__init__") for name in dotted]


def told(site: Path, *names: str) -> tuple[dict, list[str]]:
    """What a process that imports *names* from *site* sees, and opens there."""
    done = subprocess.run(
        (*LEAN, "-c", TELL, str(site), *names), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    seen, opened = json.loads(done.stdout)
    return seen, opened


def test_every_module_is_what_it_is_from_its_source(site):
    """Place, package and search path are those of plain files; the loader is not."""
    names = modules()
    packed, _ = told(site, *names)
    plain, _ = told(OURS.parent, *names)

    for name, (origin, package, path, loader) in packed.items():
        same = [str(site), str(OURS.parent)]
        assert plain[name][:3] == [
            origin.replace(*same), package, [entry.replace(*same) for entry in path]
        ]  # fmt: skip
        assert ("SourceFileLoader" if name in DOORSTEP else "Packed") == loader


def test_only_the_doorstep_is_read_from_files_of_its_own(site):
    """Two compiled modules and the file of all others, whatever is imported."""
    _, opened = told(site, *modules())

    assert {"__init__", "packed", "modules"} == {
        Path(path).name.partition(".")[0] for path in opened
    }


def test_tracebacks_show_the_sources_of_the_image(tmp_path):
    """File, line and text are those of the source that the image holds."""
    toolchain = this_python()
    package = tmp_path / "lambda_runtime"
    shutil.copytree(OURS, package, ignore=shutil.ignore_patterns("__pycache__"))
    toolchain.compile(tmp_path, str(tmp_path))
    toolchain.pack(package, package / FILE, left=DOORSTEP)
    fails = f"import sys; sys.path.append({str(tmp_path)!r})\n" + FAILS
    done = subprocess.run(
        (*LEAN, "-c", fails), capture_output=True, text=True, check=False
    )
    source = (package / "settings.py").read_text().splitlines()
    place = re.search(
        rf'File "{package}/settings.py", line (\d+), in read', done.stderr
    )

    assert place, done.stderr
    assert source[int(place[1]) - 1].lstrip().startswith("raise ValueError")
    assert source[int(place[1]) - 1].strip() in done.stderr


def test_the_runtime_answers_the_same(site, tmp_path):
    """Packed or plain, the process answers a prediction with the same bytes."""
    environ = {
        "MLFLOW_SERVERLESS_BUNDLE": str(write_bundle(tmp_path / "bundle")),
        "MLFLOW_SERVERLESS_ORT": str(native_library()),
    }
    entry = site / "lambda_runtime/__main__.py"
    with Runtime(entry, **environ) as packed, Runtime(ENTRY, **environ) as plain:
        answers = [runtime.api.invoke(EVENT) for runtime in (packed, plain)]

    assert ["response"] * 2 == [answer.kind for answer in answers]
    assert answers[0].body == answers[1].body


def test_bytecode_of_another_python_is_not_used(site, tmp_path):
    """The sources are: slower, and right."""
    copy = tmp_path / "lambda_runtime"
    copy.symlink_to(site / "lambda_runtime")
    other = tmp_path / "other" / "lambda_runtime"
    other.mkdir(parents=True)
    for path in (site / "lambda_runtime").iterdir():
        (other / path.name).symlink_to(path)
    (other / FILE).unlink()
    content = (site / "lambda_runtime" / FILE).read_bytes()
    (other / FILE).write_bytes(b"\0" + content[1:])

    assert find_packed(str(copy)) is not None
    assert find_packed(str(other)) is None
    seen, _ = told(other.parent, "lambda_runtime.wire")
    assert "SourceFileLoader" == seen["lambda_runtime.wire"][3]


def test_a_checkout_is_not_packed():
    """Whoever edits a module sees the change."""
    assert find_packed(str(OURS)) is None


def test_the_file_is_the_same_wherever_it_is_made(site, tmp_path):
    """Two packings of the same sources, in different folders, are equal."""
    lay_out_runtime(tmp_path, this_python())

    assert (site / "lambda_runtime" / FILE).read_bytes() == (
        tmp_path / "lambda_runtime" / FILE
    ).read_bytes()


def test_no_bytecode_is_there_twice(site):
    """What is packed has no file of its own; what is not packed has."""
    kept = {
        ".".join(Path(path).relative_to(site).with_suffix("").parts)
        for path in map(importlib.util.source_from_cache, site.rglob("*.pyc"))
    }

    assert set(DOORSTEP) == {name.removesuffix(".__init__") for name in kept}
