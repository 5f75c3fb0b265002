"""The commands as a person types them: output, sentences on standard error, exit status."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import thunderbox
from tests.cli.conftest import Run
from thunderbox import config
from thunderbox.settings import Settings
from thunderbox.store import api_keys
from thunderbox.store.database import Database

CALL = {
    "call_id": 7, "direction": "outbound", "from_number": "+15550100", "to_number": "sip:a@b",
    "start_time": "2026-01-02T03:04:05.000Z", "end_time": "2026-01-02T03:05:05.000Z",
    "duration_seconds": 60, "status": "completed", "end_reason": "agent_end",
}  # fmt: skip
TRANSCRIPT = [
    {"role": "assistant", "content": "Hello [there]!", "start_ms": 100},
    {"role": "user", "content": "what are your hours", "start_ms": 61_500},
    {"role": "tool_call", "content": {"name": "book"}, "start_ms": 62_000},
]


def test_version(run: Run) -> None:
    assert run("version") == 0
    assert run.out == f"thunderbox {thunderbox.__version__}\n"


def test_help_names_every_command(run: Run) -> None:
    assert run("--help") == 0
    for command in ("serve", "init", "keys", "call", "calls", "demo", "doctor", "version"):
        assert command in run.out


def test_an_unknown_command_is_a_wrong_use(run: Run) -> None:
    assert run("sing") == 2
    assert "sing" in run.err


def test_init_writes_the_defaults_once(run: Run, tmp_path: Path) -> None:
    assert run("init") == 0
    assert config.load(tmp_path / "config.toml", {}) == Settings()
    (tmp_path / "config.toml").write_text("# mine")
    assert run("init") == 1
    assert "already there and stays as it is" in run.err
    assert (tmp_path / "config.toml").read_text() == "# mine"


def test_init_where_nothing_can_be_written(run: Run) -> None:
    assert run("init", "no/such/place.toml") == 1
    assert run.err.startswith("thunderbox: no/such/place.toml cannot be written")


@pytest.mark.parametrize("command", ["serve", "doctor", "demo"])
def test_a_wrong_setting_is_one_sentence_and_status_2(
    run: Run, tmp_path: Path, command: str
) -> None:
    (tmp_path / "config.toml").write_text("[api]\nport = 0\n")
    assert run(command) == 2
    assert run.err == (
        "thunderbox: config.toml, line 2: api.port is 0, but must be a port from 1 to 65535.\n"
    )


def test_a_bug_is_a_sentence_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thunderbox.cli.init.example", lambda: 1 / 0)
    assert run("init") == 70
    assert "This is a bug in ThunderBox (ZeroDivisionError" in run.err
    assert "Traceback" not in run.err


def test_keys_are_made_listed_and_revoked(run: Run, box_data: Path) -> None:
    data = ("--data", str(box_data))
    assert run("keys", "create", "for the website", *data) == 0
    secret = run.out.strip()
    assert secret.startswith("sk_live_")

    async def holder() -> api_keys.Holder | None:
        db = await Database.open(box_data / "thunderbox.db")
        try:
            return await api_keys.by_secret(db, secret)
        finally:
            await db.close()

    found = asyncio.run(holder())
    assert found is not None
    assert (found.name, found.role) == ("for the website", "owner")
    assert run("keys", "list", *data) == 0
    assert "for the website" in run.out
    assert secret not in run.out
    assert run("keys", "revoke", secret[:15], *data) == 0
    assert run.out == 'Revoked the key "for the website".\n'
    assert asyncio.run(holder()) is None
    assert run("keys", "revoke", found.id, *data) == 1
    assert "revoked already" in run.err
    assert run("keys", "revoke", "nobody", *data) == 1
    assert "`thunderbox keys list` shows the ids" in run.err


def test_keys_never_make_a_box(run: Run, tmp_path: Path) -> None:
    assert run("keys", "list", "--data", str(tmp_path / "nowhere")) == 1
    assert "There is no box in" in run.err
    assert not (tmp_path / "nowhere").exists()


class Api:
    """A box's API with fixed answers; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {
            "/v1/calls": (200, {"results": [CALL]}),
            "/v1/calls/7": (200, CALL),
            "/v1/calls/7/transcript": (200, {"call_id": 7, "transcripts": TRANSCRIPT}),
            "/v1/phone-numbers": (
                200,
                [{"number": "+15550100", "status": "active", "source": "demo"}],
            ),
            "/v1/call": (201, {"call_id": 7, "status": "initiated"}),
        }
        self.bodies: list[Any] = []
        self.keys: set[str | None] = set()


@pytest.fixture
def api(free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.keys.add(self.headers["Authorization"])
            status, body = api.answers.get(self.path.partition("?")[0], (404, {}))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_POST(self) -> None:
            api.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("THUNDERBOX_API_PORT", str(server.server_port))
    yield api
    server.shutdown()
    server.server_close()


def test_the_last_call_is_shown(run: Run, api: Api, box_data: Path) -> None:
    assert run("calls", "last", "--data", str(box_data)) == 0
    assert "Call 7: outbound, +15550100 to sip:a@b" in run.out
    assert "completed (agent_end)." in run.out
    assert "00:00.1  agent   Hello [there]!" in run.out
    assert "01:01.5  caller  what are your hours" in run.out
    assert '{"name": "book"}' in run.out
    key = (box_data / "secrets" / "bootstrap-api-key").read_text().strip()
    assert api.keys == {f"Bearer {key}"}


def test_no_call_yet(run: Run, api: Api, box_data: Path) -> None:
    api.answers["/v1/calls"] = (200, {"results": []})
    assert run("calls", "last", "--data", str(box_data)) == 1
    assert run.err == "thunderbox: No call has reached the box yet.\n"


def test_a_call_is_placed_and_followed(run: Run, api: Api, box_data: Path) -> None:
    assert run("call", "sip:a@b", "--agent", "3", "--data", str(box_data)) == 0
    assert api.bodies == [{"to_number": "sip:a@b", "from_number": "+15550100", "agent_id": 3}]
    assert "Hello [there]!" in run.out


def test_a_failed_call_says_why(run: Run, api: Api, box_data: Path) -> None:
    api.answers["/v1/calls/7"] = (200, {**CALL, "status": "failed", "end_reason": "busy"})
    assert run("call", "sip:a@b", "--data", str(box_data)) == 1
    assert run.err == "thunderbox: The number is busy.\n"


def test_a_number_needs_a_trunk(run: Run, api: Api, box_data: Path) -> None:
    assert run("call", "+15551234", "--data", str(box_data)) == 1
    assert "trunk.numbers" in run.err
    assert api.bodies == []


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (403, {"detail": "Not from a demo number."}, "Not from a demo number."),
        (400, {"to_number": ["is wrong.", "really."]}, "to_number: is wrong. really."),
        (401, {"detail": "no"}, "`thunderbox keys create`"),
        (500, {}, "The box answered 500"),
    ],
)
def test_what_the_box_refuses_is_said(
    run: Run, api: Api, box_data: Path, status: int, body: Any, sentence: str
) -> None:
    api.answers["/v1/call"] = (status, body)
    assert run("call", "sip:a@b", "--data", str(box_data)) == 1
    assert sentence in run.err


def test_without_a_box(run: Run, box_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THUNDERBOX_API_PORT", "1")
    assert run("calls", "last", "--data", str(box_data)) == 1
    assert "No box answers at http://127.0.0.1:1" in run.err


def test_without_a_key(run: Run, api: Api, tmp_path: Path) -> None:
    assert run("calls", "last", "--data", str(tmp_path)) == 1
    assert "Name the box's data directory with --data" in run.err
