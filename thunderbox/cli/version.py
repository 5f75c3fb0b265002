"""`thunderbox version`."""

from __future__ import annotations

from thunderbox import __version__
from thunderbox.cli.options import out


def version() -> None:
    """Print the version."""
    out.print(f"thunderbox {__version__}")
