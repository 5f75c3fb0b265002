"""Certificates: those that the box makes, and what is said of files that are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from thunderbox import certificate
from thunderbox.certificate import DAYS, Certificate
from thunderbox.errors import StartError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = ("box.lan", "box", "192.0.2.7", "2001:db8::7")


def write(directory: Path, names: tuple[str, ...] = NAMES) -> tuple[Path, Path]:
    """A certificate and its key in a directory."""
    made, key = certificate.make(names, NOW)
    (directory / "c.pem").write_bytes(made)
    (directory / "k.pem").write_bytes(key)
    return directory / "c.pem", directory / "k.pem"


@pytest.fixture
def made(tmp_path: Path) -> Certificate:
    """One that was made and read."""
    return certificate.read(*write(tmp_path))


def test_it_is_for_its_names_and_addresses(made: Certificate) -> None:
    assert made.names == NAMES


def test_it_is_believed_for_as_long_as_may_be(made: Certificate) -> None:
    assert made.begins == NOW - timedelta(days=1)
    assert made.ends - made.begins == timedelta(days=DAYS)
    assert made.days_left(NOW) == DAYS - 1
    assert made.days_left(made.ends + timedelta(seconds=1)) == -1


def test_its_fingerprint_is_written_as_browsers_do(made: Certificate) -> None:
    parts = made.fingerprint.split(":")
    assert len(parts) == 32
    assert all(part == part.upper() and len(part) == 2 for part in parts)


def test_one_that_is_renewed_keeps_its_key(tmp_path: Path) -> None:
    _, key_path = write(tmp_path)
    first = key_path.read_bytes()
    _, second = certificate.make(NAMES, NOW, first)
    assert second == first
    assert certificate.make(NAMES, NOW)[1] != first


def _sealed(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "k.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda at: (at / "c.pem").unlink(), "c.pem cannot be read (No such file or directory)"),
        (lambda at: (at / "k.pem").unlink(), "name another with tls.key"),
        (lambda at: (at / "c.pem").write_text("hello"), "c.pem holds none"),
        (lambda at: (at / "c.pem").write_text(""), "c.pem holds none"),
        (lambda at: (at / "k.pem").write_text("hello"), "k.pem holds none"),
        (
            lambda at: (at / "k.pem").write_bytes(certificate.make(("x",), NOW)[1]),
            "k.pem is not that of the certificate",
        ),
        (_sealed, "k.pem is sealed with a password"),
        (lambda at: ((at / "c.pem").unlink(), (at / "c.pem").mkdir()), "(Is a directory)"),
    ],
)
def test_files_that_are_none_are_said_in_a_sentence(
    tmp_path: Path, spoil: object, sentence: str
) -> None:
    paths = write(tmp_path)
    spoil(tmp_path)  # type: ignore[operator]
    with pytest.raises(StartError) as caught:
        certificate.read(*paths)
    assert sentence in str(caught.value)
