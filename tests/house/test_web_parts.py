"""Which rooms browsers meet, by the settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from thunderbox.calls.ports import SystemClock
from thunderbox.data_dir import DataDir
from thunderbox.outside_settings import LivekitSettings
from thunderbox.rtc.external_rooms import ExternalRooms
from thunderbox.rtc.rooms import BoxRooms
from thunderbox.settings import Settings
from thunderbox.web_parts import web_parts


async def test_the_box_has_rooms_of_its_own(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.open()
    parts = web_parts(Settings(), data, SystemClock())
    assert isinstance(parts.rooms, BoxRooms)
    assert parts.signalling is not None
    await parts.rooms.close()
    data.close()


async def test_a_livekit_server_of_the_settings_has_them_instead(tmp_path: Path) -> None:
    there = LivekitSettings(url="ws://127.0.0.1:7880", api_key="key", api_secret="secret")
    parts = web_parts(Settings(livekit=there), DataDir(tmp_path), SystemClock())
    assert isinstance(parts.rooms, ExternalRooms)
    assert parts.signalling is None
    await parts.rooms.close()


def test_a_box_without_one_does_not_load_its_client() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, thunderbox.appliance; print('livekit.rtc' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "False\n"
