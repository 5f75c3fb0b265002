"""The doctor's findings and its exit status."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from thunderbox import certificate
from thunderbox.api_settings import ApiSettings, TlsSettings
from thunderbox.cli import checks
from thunderbox.cli.checks import Check, Patient
from thunderbox.cli.main import main
from thunderbox.products import BoltSettings
from thunderbox.settings import Settings, SipSettings, TrunkSettings, VoiceSettings
from thunderbox.store.database import Database

READY = {
    "ok": False,
    "parts": {
        "database": {"ok": True, "detail": ""},
        "trunk": {"ok": False, "detail": "401 Unauthorized"},
    },
}
TRUNK = TrunkSettings(server="pbx.example", user="box")


def _patient(data: Path, ready: dict[str, object] | None = None, **sections: object) -> Patient:
    return Patient(Settings(**sections), data, ready)  # type: ignore[arg-type]


def _states(findings: Iterator[Check]) -> list[str]:
    return [finding.state for finding in findings]


@pytest.mark.parametrize(
    ("states", "status"),
    [(["ok"], 0), (["ok", "note"], 0), (["note", "warn"], 1), (["warn", "fail", "ok"], 2)],
)
def test_exit_status_is_the_worst_finding(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    states: list[str],
    status: int,
) -> None:
    findings = [Check("some", state, "thing") for state in states]  # type: ignore[arg-type]
    monkeypatch.setattr("thunderbox.cli.doctor.examine", lambda *_: findings)
    for arguments in (["doctor"], ["doctor", "--json"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert (caught.value.code or 0) == status
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert printed["exit"] == status
    assert [one["state"] for one in printed["checks"]] == states


@pytest.mark.e2e
def test_this_machine_is_well(
    tmp_path: Path,
    free_port: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("THUNDERBOX_API_PORT", str(free_port()))
    monkeypatch.setenv("THUNDERBOX_SIP_PORT", str(free_port()))
    with pytest.raises(SystemExit) as caught:
        main(["doctor", "--json", "--data", str(tmp_path / "new")])
    checked = {one["name"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
    assert caught.value.code in (0, 1, None)
    assert set(checked) == {
        "python", "cpu", "disk", "box", "port", "pjsip", "line card", "codecs", "speech model",
        "language model", "products", "database", "tls", "trunk",
    }  # fmt: skip
    assert "2.15.1" in checked["pjsip"]["detail"]
    assert "G722" in checked["codecs"]["detail"]
    assert not (tmp_path / "new").exists()


def test_a_port_that_somebody_else_holds(tmp_path: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    sip = SipSettings(enabled=False)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        settings = {"api": ApiSettings(port=port), "sip": sip}
        (found,) = checks._ports(_patient(tmp_path, **settings))
        assert found.state == "fail"
        assert "api.port or THUNDERBOX_API_PORT" in found.detail
        (held,) = checks._ports(_patient(tmp_path, READY, **settings))
        assert (held.state, "held by the running box" in held.detail) == ("ok", True)
    (free,) = checks._ports(_patient(tmp_path, **settings))
    assert free.state == "ok"
    (gone,) = checks._ports(_patient(tmp_path, READY, **settings))
    assert gone.state == "fail"


def test_pjsip_warns_when_strangers_may_call(tmp_path: Path) -> None:
    assert _states(checks._pjsip(_patient(tmp_path))) == ["note"]
    sip = SipSettings(allowed_networks=("0.0.0.0/0",))
    (found,) = checks._pjsip(_patient(tmp_path, sip=sip))
    assert found.state == "warn"
    assert "CVE-2026-57162" in found.detail
    assert "0.0.0.0/0" in found.detail


def test_line_card(tmp_path: Path) -> None:
    own = SipSettings(separate_process=False)
    assert _states(checks._line_card(_patient(tmp_path, sip=own))) == []
    sip = SipSettings()
    assert _states(checks._line_card(_patient(tmp_path, sip=sip))) == ["note"]
    for process, failures, state in ((7, 0, "ok"), (7, 2, "warn"), (None, 1, "fail")):
        part = {"ok": process, "detail": "gone", "process": process, "failures": failures}
        ready = {"parts": {"sip": part}}
        assert _states(checks._line_card(_patient(tmp_path, ready, sip=sip))) == [state]


@pytest.mark.parametrize(
    ("host", "public_url", "state"),
    [
        ("127.0.0.1", "", "ok"),
        ("localhost", "", "ok"),
        ("0.0.0.0", "", "warn"),
        ("0.0.0.0", "http://box.example", "warn"),
        ("0.0.0.0", "https://box.example", "ok"),
    ],
)
def test_keys_that_cross_the_network_readable(
    tmp_path: Path, host: str, public_url: str, state: str
) -> None:
    api = ApiSettings(host=host, public_url=public_url)
    assert _states(checks._tls(_patient(tmp_path, api=api))) == [state]


def test_the_own_certificate(tmp_path: Path) -> None:
    patient = _patient(tmp_path, tls=TlsSettings(mode="self-signed"))
    assert _states(checks._tls(patient)) == ["note"]
    made, key = certificate.make(("box.lan",), datetime.now(UTC))
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/tls-certificate.pem").write_bytes(made)
    (tmp_path / "secrets/tls-key.pem").write_bytes(key)
    (found,) = checks._tls(patient)
    assert found.state == "ok"
    assert "for box.lan, SHA-256 " in found.detail


@pytest.mark.parametrize(
    ("age", "state", "says"),
    [(0, "ok", "until"), (815, "warn", "ends in 8 days"), (900, "fail", "it ended on")],
)
def test_a_certificate_that_ends(tmp_path: Path, age: int, state: str, says: str) -> None:
    made, key = certificate.make(("box.lan",), datetime.now(UTC) - timedelta(days=age))
    (tmp_path / "c.pem").write_bytes(made)
    (tmp_path / "k.pem").write_bytes(key)
    tls = TlsSettings(
        mode="files", certificate=str(tmp_path / "c.pem"), key=str(tmp_path / "k.pem")
    )
    (found,) = checks._tls(_patient(tmp_path, tls=tls))
    assert (found.state, says in found.detail) == (state, True), found.detail


def test_trunk(tmp_path: Path) -> None:
    assert _states(checks._trunk(_patient(tmp_path))) == ["ok"]
    assert _states(checks._trunk(_patient(tmp_path, trunk=TRUNK))) == ["warn"]
    (found,) = checks._trunk(_patient(tmp_path, READY, trunk=TRUNK))
    assert (found.state, found.detail) == ("fail", "box at pbx.example: 401 Unauthorized")


def test_connections(tmp_path: Path) -> None:
    parts = {
        "connection_5": {"ok": True, "detail": "", "registration": "registered"},
        "connection_6": {
            "ok": True,
            "detail": "Not registered: 403 Forbidden",
            "registration": "failed",
        },
    }
    assert [
        (one.name, one.state, one.detail)
        for one in checks._connections(_patient(tmp_path, {"parts": parts}))
    ] == [
        ("connection 5", "ok", "registered"),
        ("connection 6", "warn", "Not registered: 403 Forbidden"),
    ]


def test_a_running_box_with_a_broken_part(tmp_path: Path) -> None:
    (found,) = checks._box(_patient(tmp_path, READY))
    assert found.state == "fail"
    assert "trunk: 401 Unauthorized" in found.detail


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((10**10, "ok"), (5 * 10**8, "warn"), (10**6, "fail")):
        usage = type("Usage", (), {"free": free})
        monkeypatch.setattr("shutil.disk_usage", lambda _, usage=usage: usage)
        assert _states(checks._disk(_patient(tmp_path / "not" / "yet"))) == [state]


async def test_damaged_database(tmp_path: Path) -> None:
    (tmp_path / "thunderbox.db").write_bytes(b"this is no database, whatever it is called")
    settings = Settings(sip=SipSettings(enabled=False))
    findings = await asyncio.to_thread(lambda: list(checks.examine(settings, tmp_path)))
    (found,) = [one for one in findings if one.name == "database"]
    assert found.state == "fail"
    assert "not a database" in found.detail


async def test_whole_database(tmp_path: Path) -> None:
    db = await Database.open(tmp_path / "thunderbox.db")
    await db.close()
    findings = await asyncio.to_thread(lambda: list(checks._database(_patient(tmp_path))))
    assert [one.state for one in findings] == ["ok"]


def test_a_product_whose_model_is_missing(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for bolt, found in (("", "ok"), ("absent", "warn")):
        product = BoltSettings(language_model=bolt)
        (check,) = checks._products(_patient(tmp_path, product_bolt=product))
        assert check.state == found
        assert "bolt" in check.detail


def test_missing_model(tmp_path: Path) -> None:
    voice = VoiceSettings(speech_model=str(tmp_path / "none"), language_model="starter")
    assert _states(checks._models(_patient(tmp_path, voice=voice))) == ["fail", "note"]
