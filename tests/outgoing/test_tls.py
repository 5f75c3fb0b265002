"""Certificates: checked against the name in the URL, whatever address it leads to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.outgoing.server import RawServer, serving
from thunderbox.errors import OutgoingError
from thunderbox.outgoing.client import Client
from thunderbox.outgoing.network import Resolver
from thunderbox.outgoing.rules import Rules


def certified(directory: Path, *names: x509.GeneralName) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server shows, and what a client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(directory / "cert.pem", directory / "key.pem")
    return server, ssl.create_default_context(cafile=str(directory / "cert.pem"))


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return certified(tmp_path, x509.DNSName("a.example"), x509.IPAddress(ip_address("127.0.0.1")))


@pytest.fixture
async def server(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> AsyncIterator[RawServer]:
    async with serving(tls=contexts[0]) as running:
        yield running


def asking(certificates: ssl.SSLContext | None) -> Client:
    return Client(
        Rules(["127.0.0.0/8"]),
        resolver=Resolver(lambda _: ["127.0.0.1"]),
        certificates=certificates,
    )


async def failing(client: Client, url: str) -> tuple[str, str]:
    with pytest.raises(OutgoingError) as caught:
        await client.send("GET", url, seconds=5.0)
    await client.close()
    return caught.value.reason, str(caught.value)


@pytest.mark.parametrize("host", ["a.example", "127.0.0.1"])
async def test_a_certificate_that_is_trusted(
    server: RawServer, contexts: tuple[ssl.SSLContext, ssl.SSLContext], host: str
) -> None:
    client = asking(contexts[1])
    assert (await client.send("GET", f"https://{host}:{server.port}/", seconds=5.0)).ok
    assert f"host: {host}:{server.port}\r\n" in server.requests[0]
    await client.close()


async def test_a_certificate_of_another_name(
    server: RawServer, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    reason, sentence = await failing(asking(contexts[1]), f"https://b.example:{server.port}/")
    assert reason == "tls"
    assert "b.example" in sentence
    assert server.requests == []


async def test_a_certificate_that_nobody_trusts(server: RawServer) -> None:
    reason, sentence = await failing(asking(None), f"https://a.example:{server.port}/")
    assert reason == "tls"
    assert "self-signed certificate" in sentence


async def test_a_server_that_does_not_speak_tls() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    plain = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with plain:
        port = plain.sockets[0].getsockname()[1]
        assert (await failing(asking(None), f"https://a.example:{port}/"))[0] == "tls"
