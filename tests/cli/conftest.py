"""What the tests of the commands share: a box that was started once, and its log as before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from thunderbox.calls import first_start
from thunderbox.cli.main import main
from thunderbox.store.database import Database


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """A command sets up logging for its process; here the process goes on."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    levels = {
        name: one.level
        for name, one in logging.Logger.manager.loggerDict.items()
        if isinstance(one, logging.Logger)
    }
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


class Run:
    """Runs a command; keeps what it printed and its exit status."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        self.out, self.err = self._capsys.readouterr()
        return int(caught.value.code or 0)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Run(capsys)


@pytest.fixture
def box_data(data_dir: Path) -> Path:
    """The data directory of a box that was started once."""

    async def start() -> str:
        db = await Database.open(data_dir / "thunderbox.db")
        first = await first_start.prepare(db, "en-US-James1")
        await db.close()
        assert first is not None
        return first.key

    key = asyncio.run(start())
    (data_dir / "secrets").mkdir()
    (data_dir / "secrets" / "bootstrap-api-key").write_text(key + "\n")
    return data_dir
