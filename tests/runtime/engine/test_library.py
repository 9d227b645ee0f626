"""The library is found, checked, kept quiet, and loaded once."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lambda_runtime.engine.capi import _STATUS, Api, OrtError, _table, api_at
from lambda_runtime.engine.library import VARIABLE, find_library
from lambda_runtime.faults import BrokenBundle
from tests.runtime.engine import graphs

ROOT = Path(__file__).parents[3]


def test_the_library_that_is_named_is_taken(tmp_path):
    """
    The variable decides, and is not searched past when it is wrong.
    """
    named = tmp_path / "libonnxruntime.so.9"
    named.touch()

    assert str(named) == find_library({VARIABLE: str(named)}, [])
    with pytest.raises(BrokenBundle) as broken:
        find_library({VARIABLE: str(tmp_path / "no.so")})
    assert "engine-missing" == broken.value.code
    assert "no.so is not a file" in str(broken.value)


def test_a_wheel_is_found_where_packages_are(tmp_path):
    """
    Without the variable, the first folder that holds a wheel's library is taken.
    """
    capi = tmp_path / "second" / "onnxruntime" / "capi"
    capi.mkdir(parents=True)
    library = capi / "libonnxruntime.so.1.31.1"
    library.touch()

    found = find_library({}, [str(tmp_path / "first"), str(tmp_path / "second")])

    assert str(library) == found


def test_no_library_is_said_with_what_to_do(tmp_path):
    """
    Where it was looked for, and both ways to help.
    """
    with pytest.raises(BrokenBundle) as broken:
        find_library({}, [str(tmp_path)])

    assert "engine-missing" == broken.value.code
    assert str(tmp_path) in str(broken.value)
    assert f"install onnxruntime or set {VARIABLE}" in str(broken.value)


def test_an_isolated_interpreter_finds_its_own_wheel():
    """
    `python -I -S` has no site-packages on its path, and still finds the library.
    """
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from lambda_runtime.engine.library import find_library\n"
        "print(find_library({}))"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert find_library({}) == done.stdout.strip()


def test_a_file_that_is_no_library_is_broken(tmp_path):
    """
    Neither text nor another library is ONNX Runtime.
    """
    text = tmp_path / "libonnxruntime.so"
    text.write_text("not a library")

    for path, said in ((str(text), "cannot be loaded"), ("libc.so.6", "is not ONNX")):
        with pytest.raises(BrokenBundle) as broken:
            Api(path)
        assert "engine-missing" == broken.value.code
        assert said in str(broken.value)


def test_a_library_too_old_says_its_version():
    """
    A library without our part of the table is refused by the version it states.
    """
    get_api = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)(lambda _version: None)
    text = ctypes.c_char_p(b"1.9.0")
    version = ctypes.CFUNCTYPE(ctypes.c_void_p)(
        lambda: ctypes.cast(text, ctypes.c_void_p).value
    )
    base = (ctypes.c_void_p * 2)(
        ctypes.cast(get_api, ctypes.c_void_p), ctypes.cast(version, ctypes.c_void_p)
    )

    class Old:
        """Has what a library has, and a table that offers nothing."""

        OrtGetApiBase = ctypes.CFUNCTYPE(ctypes.c_void_p)(
            lambda: ctypes.addressof(base)
        )

    with pytest.raises(BrokenBundle) as broken:
        _table(Old, "old.so")

    assert "engine-version" == broken.value.code
    assert "ONNX Runtime 1.9.0 (old.so)" in str(broken.value)
    assert "1.15 or newer" in str(broken.value)


def test_a_library_is_loaded_once():
    """
    One process, one environment: sessions share it.
    """
    path = find_library()

    assert api_at(path) is api_at(path)


def test_every_function_of_the_table_can_be_bound():
    """
    Functions are bound when first asked for, once; unknown ones are no attributes.
    """
    api = api_at(find_library())

    for name in _STATUS:
        assert getattr(api, name) is getattr(api, name)
    assert not hasattr(api, "Nonsense")


def test_a_status_becomes_an_error_with_the_librarys_words():
    """
    No status is lost: each raises with its message.
    """
    api = api_at(find_library())
    options = api.pointer(api.CreateSessionOptions)

    with pytest.raises(OrtError) as failed:
        api.SetSessionGraphOptimizationLevel(options, 77)

    assert "graph_optimization_level" in failed.value.message
    api.ReleaseSessionOptions(options)


QUIET = """
import os, sys
sys.path.insert(0, sys.argv[1])
from lambda_runtime.engine import open_session
from lambda_runtime.manifest import Variant
from lambda_runtime.tensor import Value
session = open_session(sys.argv[3], sys.argv[2], Variant("a", "a"), threads=1)
session.run({"x": Value("float32", (1,), bytes(4))}, ["y"])
names = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")[:-1]]
print(len(os.listdir("/proc/self/task")), sum("socket" in name for name in names))
"""


@pytest.mark.parametrize("flags", [["-I", "-S"], ["-I"]], ids=["ort-c", "ort-python"])
def test_the_library_keeps_to_itself(tmp_path, flags, request):
    """
    No thread, no socket, no word on standard error, and no file in the home folder.
    """
    kind = request.node.callspec.id
    path = graphs.saved(graphs.identity("float32", ["n"]), tmp_path / "x.onnx")
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    environment["OPENBLAS_NUM_THREADS"] = "1"  # numpy's own threads are not the matter

    done = subprocess.run(
        [sys.executable, *flags, "-c", QUIET, str(ROOT), path, kind],
        capture_output=True, text=True, timeout=60, check=True, env=environment,
    )  # fmt: skip

    assert "1 0\n" == done.stdout
    assert "" == done.stderr
    assert [] == list(home.rglob("*"))
