"""The box's certificate while it runs: made, kept, renewed, and taken anew from files."""

from __future__ import annotations

import logging
import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from thunderbox import certificate
from thunderbox.api_settings import TlsSettings
from thunderbox.data_dir import DataDir
from thunderbox.errors import StartError
from thunderbox.tls import Tls

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN = TlsSettings(mode="self-signed")


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    """A data directory."""
    made = DataDir(tmp_path / "data")
    made.secrets.mkdir(parents=True)
    return made


class Watch:
    """The time."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


def files(
    directory: Path, names: tuple[str, ...] = ("box.example",), begun: datetime = NOW
) -> TlsSettings:
    """The settings of a certificate of somebody else's."""
    made, key = certificate.make(names, begun)
    (directory / "c.pem").write_bytes(made)
    (directory / "k.pem").write_bytes(key)
    return TlsSettings(
        mode="files", certificate=str(directory / "c.pem"), key=str(directory / "k.pem")
    )


def test_the_first_start_makes_one_that_the_next_keeps(data: DataDir) -> None:
    first = Tls(OWN, data, Watch()).certificate
    assert stat.S_IMODE(data.certificate_key.stat().st_mode) == 0o600
    assert {"localhost", "127.0.0.1", "::1"} <= set(first.names)
    assert Tls(OWN, data, Watch()).certificate == first


def test_old_protocols_are_not_spoken(data: DataDir) -> None:
    context = Tls(OWN, data, Watch()).context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_another_name_is_another_certificate_with_the_same_key(data: DataDir) -> None:
    first = Tls(OWN, data, Watch()).certificate
    key = data.certificate_key.read_bytes()
    named = TlsSettings(mode="self-signed", names=("phone.lan",))
    second = Tls(named, data, Watch()).certificate
    assert "phone.lan" in second.names
    assert second.fingerprint != first.fingerprint
    assert data.certificate_key.read_bytes() == key


@pytest.mark.parametrize("spoiled", ["certificate", "certificate_key"])
def test_own_files_that_are_broken_are_made_anew(data: DataDir, spoiled: str) -> None:
    Tls(OWN, data, Watch())
    getattr(data, spoiled).write_text("half a fi")
    assert Tls(OWN, data, Watch()).certificate.days_left(NOW) > 800


def test_its_own_is_renewed_a_month_before_it_ends(
    data: DataDir, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch()
    tls = Tls(OWN, data, watch)
    first = tls.certificate
    watch.now = first.ends - timedelta(days=31)
    tls.refresh()
    assert tls.certificate == first
    watch.now = first.ends - timedelta(days=29)
    with caplog.at_level(logging.INFO):
        tls.refresh()
    assert tls.certificate.days_left(watch.now) > 800
    assert f"SHA-256 {tls.certificate.fingerprint}" in caplog.text


def test_renewed_files_are_taken_without_a_restart(data: DataDir, tmp_path: Path) -> None:
    tls = Tls(files(tmp_path), data, Watch())
    first = tls.certificate
    tls.refresh()
    assert tls.certificate is first
    files(tmp_path, ("other.example",))
    _touch(tmp_path, 5)
    tls.refresh()
    assert tls.certificate.names == ("other.example",)


def test_wrong_files_leave_the_certificate_as_it_was(
    data: DataDir, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tls = Tls(files(tmp_path), data, Watch())
    first, context = tls.certificate, tls.context
    (tmp_path / "k.pem").write_bytes(certificate.make(("x",), NOW)[1])
    _touch(tmp_path, 5)
    tls.refresh()
    tls.refresh()
    assert (tls.certificate, tls.context) == (first, context)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "The certificate in use stays" in caplog.text
    files(tmp_path)
    _touch(tmp_path, 10)
    tls.refresh()
    assert tls.certificate is not first


@pytest.mark.parametrize(
    ("begun", "sentence"),
    [
        (NOW - timedelta(days=900), "ended on 06 September 2026"),
        (NOW + timedelta(days=9), "begins on 29 November 2026 only"),
    ],
)
def test_files_that_do_not_serve_now_are_said(
    data: DataDir, tmp_path: Path, begun: datetime, sentence: str
) -> None:
    with pytest.raises(StartError, match=sentence):
        Tls(files(tmp_path, begun=begun), data, Watch())


def test_a_data_directory_that_cannot_be_written(data: DataDir) -> None:
    data.secrets.rmdir()
    with pytest.raises(StartError, match="cannot be written"):
        Tls(OWN, data, Watch())


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"names": ("phone.lan", "box.lan")}, "phone.lan"),
        ({"names": ("2001:db8::7",)}, "[2001:db8::7]"),
        ({"host": "192.0.2.7"}, "192.0.2.7"),
    ],
)
def test_where_others_reach_the_box(data: DataDir, settings: dict[str, object], host: str) -> None:
    tls = TlsSettings(mode="self-signed", port=9443, **settings)  # type: ignore[arg-type]
    assert Tls(tls, data, Watch()).url == f"https://{host}:9443"


def test_where_others_reach_a_box_whose_certificate_has_names(
    data: DataDir, tmp_path: Path
) -> None:
    named = files(tmp_path, ("*.example.com", "box.example.com"))
    assert Tls(named, data, Watch()).url == "https://box.example.com:8443"


def _touch(directory: Path, seconds: int) -> None:
    """The files were written so many seconds later."""
    for path in (directory / "c.pem", directory / "k.pem"):
        at = NOW.timestamp() + seconds
        os.utime(path, (at, at))
