"""The light named tuples behave as typing's do."""

import subprocess
import sys
from pathlib import Path

from lambda_runtime.manifest import Tier, Variant

ROOT = Path(__file__).parent.parent.parent


def test_fields_defaults_and_methods_survive():
    """
    A record has its fields in order, its defaults, and compares by value.
    """
    variant = Variant("portable", "graph.onnx")

    assert ("name", "file") == Variant._fields[:2]
    assert "onnx" == variant.format
    assert Variant(name="portable", file="graph.onnx") == variant
    assert ("tmp", "", None) == Tier("tmp")


def test_reading_a_manifest_imports_neither_typing_nor_dataclasses():
    """
    The manifest module costs no heavy import: a cold start pays for each.
    """
    heavy = {"typing", "dataclasses", "re", "json", "enum", "inspect"}
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import lambda_runtime.manifest\n"
        f"print(*sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "" == done.stdout.strip()
