"""A box whose engines are on another machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cli.box import BoxProcess
from tests.peers.openai import OpenAIServer
from tests.peers.openai_server import KEY


@pytest.mark.e2e
def test_readyz_says_how_remote_engines_stand(data_dir: Path, free_port: Callable[[], int]) -> None:
    server = OpenAIServer()
    url = f"{server.url}/v1"
    settings = {
        "THUNDERBOX_SIP_ENABLED": "false",
        "THUNDERBOX_LOG_LEVEL": "debug",
        "THUNDERBOX_REMOTE_CHAT_BASE_URL": url,
        "THUNDERBOX_REMOTE_CHAT_MODEL": "words",
        "THUNDERBOX_REMOTE_SPEECH_BASE_URL": url,
        "THUNDERBOX_REMOTE_SPEECH_MODEL": "500",
        "THUNDERBOX_REMOTE_SPEECH_VOICE": "nova",
        "THUNDERBOX_REMOTE_SPEECH_API_KEY": KEY,
        "THUNDERBOX_VOICE_DEFAULT_VOICE": "nova",
    }
    try:
        with BoxProcess(data_dir, free_port, **settings) as box:
            ready = httpx.get(f"http://127.0.0.1:{box.api_port}/readyz", timeout=20)
            assert box.stop()[0] == 0
    finally:
        server.kill()
    parts = ready.json()["parts"]
    assert ready.status_code == 200
    assert "remote_transcription" not in parts
    chat, speech = parts["remote_chat"], parts["remote_speech"]
    assert chat["ok"] and speech["ok"]
    assert chat["detail"] == ""
    assert f"remote speech at {url} failed (status 500)" in speech["detail"]
    assert speech["detail"].endswith("The local engine answers.")
    assert KEY not in ready.text + box.log.read_text()
