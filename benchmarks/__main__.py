"""`make bench`: all benchmarks, or those named; writes docs/benchmarks.md."""

from __future__ import annotations

import importlib
import sys

from benchmarks.table import PAGE, write_page

SUITES = (
    "cold", "warm", "load", "forest", "s3", "soak", "fidelity", "shadow",
)  # fmt: skip


def main(names: list[str]) -> int:
    """Run the suites, print them; the page is written only by a full run."""
    chosen = names or list(SUITES)
    unknown = sorted(set(chosen) - set(SUITES))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(SUITES)}")
        return 2
    sections = []
    for name in chosen:
        print(f"== {name}", file=sys.stderr, flush=True)
        section = importlib.import_module(f"benchmarks.{name}").run()
        print(section.markdown(), flush=True)
        for gate in section.gates:
            print(gate.row(), flush=True)
        sections.append(section)
    if not names:
        write_page(sections)
        print(f"written to {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
