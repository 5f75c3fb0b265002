"""What the tests of the commands share: a box that was started once, and its log as before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from tests.data import opened
from thunderbox.calls import first_start
from thunderbox.cli.main import main


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


@pytest.fixture(scope="session")
def _first_data(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first start leaves, to be copied."""
    data = tmp_path_factory.mktemp("first") / "data"
    (data / "secrets").mkdir(parents=True)

    async def start() -> str:
        async with opened(tables, data) as db:
            first = await first_start.prepare(db, "en-US-James1")
        assert first is not None
        return first.key

    (data / "secrets" / "bootstrap-api-key").write_text(asyncio.run(start()) + "\n")
    return data


@pytest.fixture
def box_data(_first_data: Path, data_dir: Path) -> Path:
    """The data directory of a box that was started once."""
    return copytree(_first_data, data_dir, dirs_exist_ok=True)
