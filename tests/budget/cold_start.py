"""A start of the image's own form of the runtime, seen from inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlflow_serverless.build.layers import lay_out_runtime
from mlflow_serverless.build.toolchain import this_python
from tests.fakes.bundle import EVENT, native_library, write_bundle
from tests.fakes.loop_process import ROOT, Runtime

PROBE = """
import sys, os
sys.path.append(SITE)
opened = [SITE + "/lambda_runtime/__main__.py"]
def watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        opened.append(os.fsdecode(args[0]))
sys.addaudithook(watch)
from lambda_runtime.engine.ahead import begin
begin(os.environ["MLFLOW_SERVERLESS_BUNDLE"])
import lambda_runtime.loop as loop
def told(api, handle, invocation, inner=loop._answer):
    outcome = inner(api, handle, invocation)
    modules = sorted(sys.modules)
    specs = [module.__spec__ for module in sys.modules.values()]
    before = [spec.cached for spec in specs if spec and spec.cached]
    read = [*opened, *before, *GRAPHS]
    sys.path.append(ROOT)
    from tests.budget.touched import touched
    with open(REPORT, "w") as file:
        file.write(repr((touched(read), modules)))
    return outcome
loop._answer = told
from lambda_runtime.start import main
main([], root=SITE, born_ns=0)
"""
"""The real process, and the files that Python opens in it or has opened before; C opens
only the graph."""


@dataclass(frozen=True)
class Seen:
    """What a process has done by its first answer."""

    chunks: dict[str, set[int]]
    """Of 512 KiB, by file."""
    modules: list[str]

    @property
    def total(self) -> int:
        """All chunks."""
        return sum(map(len, self.chunks.values()))


def first_answer(folder: Path) -> Seen:
    """Lay out an image's files in *folder*, start them, and answer once."""
    site = folder / "site"
    site.mkdir()
    lay_out_runtime(site, this_python())
    bundle = write_bundle(folder / "bundle")
    report, program = folder / "report", folder / "probe.py"
    names = {
        "SITE": str(site), "ROOT": str(ROOT), "REPORT": str(report),
        "GRAPHS": [str(path) for path in Path(bundle).glob("*.onnx")],
    }  # fmt: skip
    program.write_text(f"globals().update({names!r})\n{PROBE}")
    environ = {
        "MLFLOW_SERVERLESS_BUNDLE": str(bundle),
        "MLFLOW_SERVERLESS_ORT": str(native_library()),
    }
    with Runtime(program, **environ) as runtime:
        posted = runtime.api.invoke(EVENT)
        runtime.api.wait_polls(2)
    assert posted.kind == "response"
    return Seen(*eval(report.read_text()))
