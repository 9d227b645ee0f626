"""Runs the sweep: `python -m tests.breadth [--check] [--only PART] [--quick]`."""

import sys

from tests.breadth.command import main

sys.exit(main(sys.argv[1:]))
