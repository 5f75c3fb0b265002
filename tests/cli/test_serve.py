"""`thunderbox serve` as a process: its first words, its end, and what stops it from starting."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
from pathlib import Path

import pytest

from tests.box import Ports, Server
from thunderbox.cli.banner import hosts


@pytest.mark.e2e
def test_first_start_says_where_to_call_and_ctrl_c_ends_it(
    data_dir: Path, free_port: Ports
) -> None:
    with Server(data_dir, free_port) as box:
        key_file = data_dir / "secrets" / "bootstrap-api-key"
        key = key_file.read_text().strip()
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        assert box.run("doctor", "--json").returncode == 0
        assert box.run("calls", "last").stderr == "thunderbox: No call has reached the box yet.\n"
        second = box.run("serve", timeout=20)
        assert second.returncode == 1
        assert "Another ThunderBox uses the data directory" in second.stderr
        assert box.stop(seconds=5) == 0
        printed = box.printed
        assert f"sip:100@127.0.0.1:{box.sip_port}" in printed
        assert f"http://127.0.0.1:{box.api_port}/widget/demo" in printed
        assert printed.count(key) == 1
        assert len(re.findall(r"^  curl .*/v1/calls", printed, re.MULTILINE)) == 2
        assert "Traceback" not in printed
        box.start()
        assert box.stop(signal.SIGTERM) == 0
        assert box.printed.count(key) == 1


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["api", "sip"])
def test_a_port_in_use_is_named_with_its_setting(
    data_dir: Path, free_port: Ports, name: str
) -> None:
    box = Server(data_dir, free_port)
    port = box.api_port if name == "api" else box.sip_port
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        run = box.run("serve")
    assert run.returncode == 1
    sentence = run.stderr.splitlines()[-1]
    assert str(port) in sentence
    assert f"THUNDERBOX_{name.upper()}_PORT" in sentence
    assert "Traceback" not in run.stderr


@pytest.mark.e2e
def test_demo_hears_the_right_answers(data_dir: Path, tmp_path: Path, free_port: Ports) -> None:
    with Server(data_dir, free_port) as box:
        run = box.run("demo", "--json", "demo.json", "--record", "demo.wav", timeout=110)
        measured = json.loads((tmp_path / "demo.json").read_text())
        assert run.returncode == 0, run.stdout + run.stderr
        assert measured["right"] is True
        assert len(measured["turns"]) == measured["voice_to_voice_ms"]["count"] == 5
        (interruption,) = [turn for turn in measured["turns"] if turn["interrupts"]]
        assert interruption["stopped_after_ms"] <= 1500
        assert (tmp_path / "demo.wav").stat().st_size > 500_000
        shown = box.run("calls", "last")
        assert "opening hours" in shown.stdout


def test_an_address_of_its_own_is_not_guessed() -> None:
    assert hosts("192.0.2.7") == ("192.0.2.7", None)
    near, far = hosts("0.0.0.0")
    assert near == "127.0.0.1"
    assert far is None or re.fullmatch(r"[\d.]+", far)
