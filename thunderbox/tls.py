"""Tls: the address with https:// and wss://, its certificate, and having a new one in time.

A self-signed certificate is made in `secrets/` of the data directory at the first start, and anew
before it ends or when the box has got another name. Files of somebody else's are looked at every
minute: a certificate that was renewed serves the next connection, without a restart.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from aioice.ice import get_host_addresses

from thunderbox import certificate
from thunderbox.api_settings import TlsSettings
from thunderbox.certificate import RENEW_DAYS, Certificate
from thunderbox.data_dir import DataDir
from thunderbox.errors import StartError
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

LOOK_S = 60.0


class Tls:
    """The certificate of one box while it runs."""

    def __init__(
        self,
        settings: TlsSettings,
        data: DataDir,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read or make the certificate. Raises StartError."""
        self._settings = settings
        self._data = data
        self._now = now
        self._stamp = self._stamps()
        self.certificate = self._ready()
        self.context = _context(self.certificate)
        """For the next connection; another one once there is a new certificate."""
        self._tasks = Tasks("certificate")

    @property
    def url(self) -> str:
        """`https://host:port` under which others in the network reach the box."""
        host = next(self._hosts())
        return f"https://{f'[{host}]' if ':' in host else host}:{self._settings.port}"

    def _hosts(self) -> Iterator[str]:
        """What others may call the box, the best first."""
        yield from self._settings.names
        if self._settings.host not in ("0.0.0.0", "::"):  # noqa: S104 - compared with
            yield self._settings.host
        names = self.certificate.names
        if self._settings.mode == "files":
            yield from (name for name in names if "*" not in name)
        # A name that the box gave itself is often known to nobody else; its addresses are.
        yield from (
            each for each in names if "." in each and _is_address(each) and each[:4] != "127."
        )
        yield socket.gethostname()

    def start(self) -> None:
        """Begin to look whether there is a new certificate."""
        self._tasks.spawn(self._watch())

    async def close(self) -> None:
        """Look no more."""
        await self._tasks.close()

    def refresh(self) -> None:
        """Take what is new; where that is wrong, go on with what there is."""
        try:
            if self._settings.mode == "self-signed":
                if self.certificate.days_left(self._now()) >= RENEW_DAYS:
                    return
                fresh = self._ready()
            else:
                if (stamp := self._stamps()) == self._stamp:
                    return
                self._stamp = stamp
                fresh = self._ready()
            context = _context(fresh)
        except (StartError, OSError) as error:
            log.error("The certificate in use stays: %s", error)  # noqa: TRY400 - the sentence says it
            return
        self.certificate, self.context = fresh, context
        log.info("A new certificate serves %s, SHA-256 %s", self.url, fresh.fingerprint)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await asyncio.to_thread(self.refresh)

    def _ready(self) -> Certificate:
        """A certificate that serves now. Raises StartError."""
        if self._settings.mode == "self-signed":
            return self._own()
        found = certificate.read(Path(self._settings.certificate), Path(self._settings.key))
        if found.days_left(self._now()) < 0:
            raise StartError(
                f"The certificate {found.path} ended on {found.ends:%d %B %Y}. Renew it, or let "
                'the box make its own with tls.mode = "self-signed".'
            )
        if found.begins > self._now():
            raise StartError(
                f"The certificate {found.path} begins on {found.begins:%d %B %Y} only. Look "
                "whether the clock of this machine is right."
            )
        return found

    def _own(self) -> Certificate:
        """The box's own certificate, made or renewed where it has to be. Raises StartError."""
        path, key_path = self._data.certificate, self._data.certificate_key
        names, old_key = self._names(), None
        try:
            found = certificate.read(path, key_path)
        except StartError:
            pass  # the first start, or a start that was cut off: what is broken is made anew
        else:
            # Addresses come and go; what they were is no reason to ask everybody for trust again.
            named = {name for name in names if not _is_address(name)}
            if named <= set(found.names) and found.days_left(self._now()) >= RENEW_DAYS:
                return found
            old_key = key_path.read_bytes()
        made, key = certificate.make(names, self._now(), old_key)
        try:
            self._data.write_secret(key_path, key.decode())
            self._data.write_secret(path, made.decode())
        except OSError as error:
            raise StartError(
                f"The box's own certificate {path} cannot be written ({error.strerror}). Make room "
                "on the disk, or give this user the right to write there."
            ) from error
        return certificate.read(path, key_path)

    def _names(self) -> tuple[str, ...]:
        """What the box may be called: by the settings, by itself, and by its addresses."""
        own = socket.gethostname()
        named = [*self._settings.names, own, "localhost"]
        if "." not in own:
            named.append(f"{own}.local")
        addresses = ["127.0.0.1", "::1", *get_host_addresses(use_ipv4=True, use_ipv6=True)]
        return tuple(name for name in dict.fromkeys([*named, *addresses]) if name.isascii())

    def _stamps(self) -> tuple[float, ...]:
        """When the files of somebody else's were last written."""
        if self._settings.mode != "files":
            return ()
        found = []
        for path in (self._settings.certificate, self._settings.key):
            try:
                found.append(Path(path).stat().st_mtime)
            except OSError:
                found.append(0.0)
        return tuple(found)


def _context(shown: Certificate) -> ssl.SSLContext:
    """What a server needs to show a certificate. Raises StartError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Browsers that know HTTP/2 must not be promised it.
    context.set_alpn_protocols(["http/1.1"])
    shown.load(context)
    return context


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
