"""What `docs/shifting.md` shows runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "shifting.md"


def test_the_simulation_on_the_page_rolls_back(tmp_path):
    """
    A version that fails five times as often loses its traffic, for that reason.
    """
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    file = tmp_path / "page.py"
    file.write_text(code)
    said = subprocess.run(
        [sys.executable, file], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True,
        capture_output=True, text=True, timeout=60,
    ).stdout  # fmt: skip

    assert re.match(r"after \d+ minutes: failures: \d+ of ", said), said
