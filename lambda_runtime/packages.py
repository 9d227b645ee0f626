"""Installed packages, for a Python that was started without looking for them."""

from __future__ import annotations

import os
import sys


def search_packages() -> None:
    """
    Let imports find installed packages, last of all.

    `python -S` leaves site-packages out, which spares a cold start the search; this
    is for what is imported later, or needed by the second engine. Unlike `site`, it
    runs nothing it finds there.
    """
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    # A virtual environment is known only by where its interpreter stands.
    for root in (os.path.dirname(os.path.dirname(sys.executable)), sys.prefix):
        folder = os.path.join(root, "lib", version, "site-packages")
        if folder not in sys.path and os.path.isdir(folder):
            sys.path.append(folder)
