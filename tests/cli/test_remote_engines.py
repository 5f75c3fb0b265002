"""A box whose engines are on another machine."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.box import Ports, Server
from tests.peers.openai import OpenAIServer
from tests.peers.openai_server import KEY


@pytest.mark.e2e
def test_readyz_says_how_remote_engines_stand(data_dir: Path, free_port: Ports) -> None:
    server = OpenAIServer()
    url = f"{server.url}/v1"
    settings = {
        "SIP_ENABLED": "false",
        "LOG_LEVEL": "debug",
        "REMOTE_CHAT_BASE_URL": url,
        "REMOTE_CHAT_MODEL": "words",
        "REMOTE_SPEECH_BASE_URL": url,
        "REMOTE_SPEECH_MODEL": "500",
        "REMOTE_SPEECH_VOICE": "nova",
        "REMOTE_SPEECH_API_KEY": KEY,
        "VOICE_DEFAULT_VOICE": "nova",
    }
    try:
        with Server(data_dir, free_port, **settings) as box:
            ready = httpx.get(f"{box.url}/readyz", timeout=20)
            assert box.stop() == 0
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
    assert KEY not in ready.text + box.printed
