"""Check the documents: links, named paths, and pages that are generated.

Every relative link in a Markdown file must lead to a file (and, with `#`, a heading);
every page under docs/ must be linked from another document;
every path that ARCHITECTURE.md puts in backticks must exist; every generated page must
be what its generator writes today. Prints what is wrong, one line each; exits 1 if any.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = (
    ".venv",
    ".git",
    "node_modules",
    ".pytest_cache",
    ".hypothesis",
    "demo-output",
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/?(?:\.\w+)?)`")
GENERATORS = ("scripts/generate_reference.py",)


def documents() -> Iterator[Path]:
    """Every Markdown file of the project."""
    for path in sorted(ROOT.rglob("*.md")):
        if not any(part.startswith(SKIPPED) for part in path.relative_to(ROOT).parts):
            yield path


def anchors(document: Path) -> set[str]:
    """The anchors that a Markdown viewer makes of the headings."""
    text = FENCE.sub("", document.read_text())
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in HEADING.findall(text)
    }


def links(document: Path) -> Iterator[str]:
    """What *document* links to, as it is written there."""
    for found in LINK.finditer(FENCE.sub("", document.read_text())):
        yield found.group(1) or found.group(2)


def dead_links(document: Path) -> Iterator[str]:
    """Links of *document* that lead nowhere."""
    for link in links(document):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists():
            yield f"{document.relative_to(ROOT)}: no {link}"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            yield f"{document.relative_to(ROOT)}: no heading for {link}"


def unlinked_pages() -> Iterator[str]:
    """Pages under docs/ that no other document leads to."""
    linked = {
        (document.parent / link.partition("#")[0]).resolve()
        for document in documents()
        for link in links(document)
    }
    for page in sorted((ROOT / "docs").rglob("*.md")):
        if page not in linked:
            yield f"{page.relative_to(ROOT)}: no document links to it"


def missing_paths() -> Iterator[str]:
    """Paths that ARCHITECTURE.md names and the tree does not have."""
    for name in PATH.findall((ROOT / "ARCHITECTURE.md").read_text()):
        if "/" in name and not (ROOT / name).exists():
            yield f"ARCHITECTURE.md: no {name}"


def stale_pages() -> Iterator[str]:
    """Generators whose pages are not what they would write now."""
    for generator in GENERATORS:
        if not (ROOT / generator).exists():
            continue
        run = subprocess.run(
            [sys.executable, generator, "--check"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            yield f"{generator} --check: {(run.stdout + run.stderr).strip()}"


def main() -> int:
    """Print what is wrong; the number of wrongs decides the exit code."""
    wrongs = [wrong for document in documents() for wrong in dead_links(document)]
    wrongs += [*unlinked_pages(), *missing_paths(), *stale_pages()]
    for wrong in wrongs:
        print(wrong)
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
