"""What every command shares: the options that name a box, its settings, and how to print."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from thunderbox import config
from thunderbox.settings import Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        envvar="THUNDERBOX_CONFIG",
        help="The settings file; without it ./config.toml where there is one.",
        show_default=False,
    ),
]
DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        "-d",
        metavar="DIR",
        envvar="THUNDERBOX_DATA",
        help="The directory that holds everything the box remembers.",
    ),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log every detail.")]

DEFAULT_DATA = Path("data")
DEFAULT_CONFIG = Path("config.toml")
BOOTSTRAP_KEY = Path("secrets") / "bootstrap-api-key"
DATABASE = "thunderbox.db"
CERTIFICATE = Path("secrets") / "tls-certificate.pem"
CERTIFICATE_KEY = Path("secrets") / "tls-key.pem"

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def config_path(given: Path | None) -> Path | None:
    """The settings file that counts, or None for the defaults."""
    if given is not None:
        return given
    return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None


def read_settings(given: Path | None) -> Settings:
    """The settings from file and environment. Raises ConfigError."""
    return config.load(config_path(given))


def set_up_logging(level: str, verbose: bool = False) -> None:
    """Log to standard error; `verbose`, here or before the command, wins over the settings."""
    verbose = verbose or logging.getLogger().isEnabledFor(logging.DEBUG)
    logging.basicConfig(
        level=logging.DEBUG if verbose else level.upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        force=True,
    )
    for noisy in (
        "aioice",
        "aiortc",
        "aiosqlite",
        "apscheduler",
        "asyncio",
        "httpcore",
        "httpx",
        "livekit",
        "uvicorn",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)
