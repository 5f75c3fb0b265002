"""Certificate: what a TLS server shows, and the key that proves it, as two PEM files.

Made by this box itself, or by whoever runs it. Whatever is wrong with the files is a sentence.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from thunderbox.errors import StartError

DAYS = 825
"""As long as Apple's systems believe a certificate."""
RENEW_DAYS = 30
"""One that ends sooner is made anew."""
NAME = "ThunderBox"
_LATE = timedelta(days=1)
"""Clocks of other machines may be slow."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, which belong together."""

    path: Path
    key_path: Path
    names: tuple[str, ...]
    """Host names and addresses that it is for."""
    begins: datetime
    ends: datetime
    fingerprint: str
    """SHA-256 as browsers show it: `AB:CD:…`."""

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative once it has."""
        return (self.ends - now).days

    def load(self, context: ssl.SSLContext) -> None:
        """Have connections from now on use it. Raises StartError."""
        try:
            context.load_cert_chain(self.path, self.key_path, password=_no_password)
        except (OSError, ValueError) as error:
            raise StartError(
                f"The certificate {self.path} and the key {self.key_path} cannot be used "
                f"({error}). They must be PEM files that belong together."
            ) from error


def read(path: Path, key_path: Path) -> Certificate:
    """A certificate with its key. Raises StartError where they do not belong together."""
    try:
        found = x509.load_pem_x509_certificates(_bytes(path, "certificate"))[0]
    except (ValueError, IndexError) as error:
        raise StartError(
            f"The certificate {path} holds none. It must be a PEM file that begins with the "
            'certificate of this box: "-----BEGIN CERTIFICATE-----".'
        ) from error
    secret = _bytes(key_path, "key")
    try:
        key = serialization.load_pem_private_key(secret, password=None)
    except TypeError as error:
        raise StartError(
            f"The key {key_path} is sealed with a password. Write it without one, with "
            f"`openssl pkey -in {key_path} -out key.pem`, readable for this user alone."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise StartError(
            f"The key {key_path} holds none. It must be a PEM file such as "
            '"-----BEGIN PRIVATE KEY-----".'
        ) from error
    if _public(key.public_key()) != _public(found.public_key()):
        raise StartError(
            f"The key {key_path} is not that of the certificate {path}. Name the key that the "
            "certificate was made for; its own certificate must be the first in the file."
        )
    return Certificate(
        path,
        key_path,
        _names(found),
        found.not_valid_before_utc,
        found.not_valid_after_utc,
        found.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def make(
    names: tuple[str, ...], now: datetime, old_key: bytes | None = None
) -> tuple[bytes, bytes]:
    """A self-signed certificate for host names and addresses, and its key, both as PEM.

    Made anew with the key that it had, where that is given.
    """
    key = None if old_key is None else serialization.load_pem_private_key(old_key, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LATE)
        .not_valid_after(now - _LATE + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(list(map(_general, names))), critical=False)
        # An end of its own chain and no authority: who trusts it trusts this box and no other.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    return (
        made.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartError(
            f"The {what} {path} cannot be read ({error.strerror}). Give the user of the box the "
            f"right to read it, or name another with tls.{what}."
        ) from error


def _public(key: object) -> bytes:
    raw: bytes = key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return raw


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = named.get_values_for_type(x509.IPAddress)
    return (*named.get_values_for_type(x509.DNSName), *map(str, addresses))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _no_password() -> str:
    """OpenSSL would ask on the terminal."""
    return ""
