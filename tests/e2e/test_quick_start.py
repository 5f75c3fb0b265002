"""The script in the README, as somebody copies it, with the official client and a real phone."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.box import Box
from tests.e2e.conftest import Speak
from tests.peers.baresip import Baresip

pytestmark = pytest.mark.e2e

README = Path(__file__).resolve().parents[2] / "README.md"


async def test_the_quick_start_places_a_call_and_prints_what_was_said(
    box: Box, speak: Speak, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "quick_start.py").write_text(script)
    port = free_port()
    say = speak(0.6, "Hello?", 3.5, "What are your opening hours?", 5.0)
    async with Baresip(tmp_path / "phone", port=port, say=say, answers=True):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(tmp_path / "quick_start.py"),
            env={
                **os.environ,
                "THUNDERPHONE_API_KEY": box.key,
                "THUNDERBOX_URL": box.server.url,
                "TO_NUMBER": f"sip:caller@127.0.0.1:{port}",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            printed, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert "opening hours" in printed.decode().lower()
    assert "9 am to 5 pm" in printed.decode()
