"""What the doctor looks at: one function per part of a box, each says what it found."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import httpx

from thunderbox import certificate
from thunderbox.cli.client import base_url
from thunderbox.cli.options import CERTIFICATE, CERTIFICATE_KEY, DATABASE
from thunderbox.cli.own_phone import own_phone
from thunderbox.errors import ThunderBoxError
from thunderbox.products import PRODUCTS
from thunderbox.settings import Settings
from thunderbox.store.database import Database
from thunderbox.voice.cpu import this_cpu
from thunderbox.voice.engine import ModelCard
from thunderbox.voice.models import language_card, speech_card
from thunderbox.voice.tiers import choose_tiers, who_uses_what
from thunderbox.voice.trial import try_model

State = Literal["ok", "note", "warn", "fail"]
"""A note is worth knowing and needs nothing done now; it does not change the exit code."""

PJSIP = "pjsua2-python"
HOLES = {
    "2.15": "known holes, fixed in 2.17: CVE-2026-57162 (SRTP keys in SDP), CVE-2026-40892 "
    "(challenge of a registrar), CVE-2026-29068 (RTP), CVE-2026-25994 (ICE), CVE-2026-41416 "
    "(ptime). The box keeps SRTP and ICE off"
}
SOON_DAYS = 14
"""Whoever renews certificates has done it by then."""
FREE_WARN, FREE_FAIL = 1_000_000_000, 200_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined; `ready` is the body of /readyz where the box runs."""

    settings: Settings
    data: Path
    ready: dict[str, Any] | None


def examine(settings: Settings, data: Path) -> Iterator[Check]:
    """Every finding, in the order of the parts; a check that breaks is a failure itself."""
    patient = Patient(settings, data, _ask_ready(settings))
    for check in CHECKS:
        try:
            yield from check(patient)
        except ThunderBoxError as error:
            yield Check(check.__name__.strip("_"), "fail", str(error))


def _python(_: Patient) -> Iterator[Check]:
    good = (3, 11) <= sys.version_info[:2] <= (3, 12)
    needs = "" if good else ": ThunderBox needs 3.11 or 3.12"
    yield Check("python", "ok" if good else "fail", platform.python_version() + needs)


def _cpu(_: Patient) -> Iterator[Check]:
    cpu, cores = this_cpu(), len(os.sched_getaffinity(0))
    facts = f"{cpu.name}, {cores} cores, {', '.join(cpu.notable) or 'no vector instructions'}"
    if not cpu.quick_enough:
        yield Check("cpu", "warn", f"{facts}: without AVX2 and FMA answers come late")
    elif cores < 2:
        yield Check("cpu", "warn", f"{facts}: one core is too few for a call without gaps")
    else:
        yield Check("cpu", "ok", facts)


def _box(patient: Patient) -> Iterator[Check]:
    url = base_url(patient.settings)
    if patient.ready is None:
        yield Check("box", "note", f"not running at {url}")
        return
    broken = [
        f"{name}: {part['detail'] or 'not ready'}"
        for name, part in patient.ready["parts"].items()
        if not part["ok"]
    ]
    yield Check("box", "fail" if broken else "ok", f"running at {url}. {' '.join(broken)}".strip())


def _ports(patient: Patient) -> Iterator[Check]:
    api, sip = patient.settings.api, patient.settings.sip
    wanted = [("api", api.host, api.port, socket.SOCK_STREAM)]
    if (tls := patient.settings.tls).mode != "off":
        wanted.append(("tls", tls.host, tls.port, socket.SOCK_STREAM))
    if sip.enabled:
        wanted += [
            ("sip", sip.host, sip.port, socket.SOCK_DGRAM),
            ("sip", sip.host, sip.port, socket.SOCK_STREAM),
        ]
    for name, host, port, kind in wanted:
        place = f"{host}:{port} {'UDP' if kind == socket.SOCK_DGRAM else 'TCP'}"
        problem = _bind(host, port, kind)
        if problem is None:
            held = patient.ready is not None
            state: State = "fail" if held else "ok"
            detail = "the running box does not listen here" if held else "free"
        elif patient.ready is not None:
            state, detail = "ok", "held by the running box"
        else:
            variable = f"THUNDERBOX_{name.upper()}_PORT"
            state = "fail"
            detail = f"{problem}; stop the program that uses it, or set {name}.port or {variable}"
        yield Check("port", state, f"{place}: {detail}")


def _pjsip(patient: Patient) -> Iterator[Check]:
    try:
        found = version(PJSIP)
    except PackageNotFoundError:
        yield Check("pjsip", "fail", f"{PJSIP} is not installed; run make setup")
        return
    holes = next((text for start, text in HOLES.items() if found.startswith(start)), None)
    if holes is None:
        yield Check("pjsip", "ok", found)
        return
    outside = [network for network in patient.settings.sip.allowed_networks if _is_public(network)]
    if outside:
        yield Check(
            "pjsip",
            "warn",
            f"{found} has {holes}, but sip.allowed_networks lets public addresses in: "
            f"{', '.join(outside)}",
        )
    else:
        yield Check("pjsip", "note", f"{found} has {holes}, and only private networks may call")


def _line_card(patient: Patient) -> Iterator[Check]:
    sip = patient.settings.sip
    if not (sip.enabled and sip.separate_process):
        return
    part = (patient.ready or {}).get("parts", {}).get("sip")
    if part is None:
        yield Check("line card", "note", "PJSIP runs in a process of its own once the box runs")
        return
    process, failures = part.get("process"), part.get("failures", 0)
    if process is None:
        yield Check("line card", "fail", part["detail"] or "PJSIP has no process of its own")
    elif failures:
        text = f"process {process}; failed {failures} times since the start: the log says why"
        yield Check("line card", "warn", text)
    else:
        yield Check("line card", "ok", f"process {process}")


def _codecs(patient: Patient) -> Iterator[Check]:
    if not patient.settings.sip.enabled:
        return

    async def ask() -> tuple[str, ...]:
        async with own_phone() as phone:
            return phone.state().codecs

    found = asyncio.run(ask())
    missing = {"PCMU", "PCMA", "G722"} - set(found)
    detail = ", ".join(found) + (f"; missing: {', '.join(sorted(missing))}" if missing else "")
    yield Check("codecs", "fail" if missing else "ok", detail)


def _models(patient: Patient) -> Iterator[Check]:
    voice = patient.settings.voice
    cache = patient.data / "models" if (patient.data / "models").is_dir() else None
    for kind, find, name in (
        ("speech model", speech_card, voice.speech_model),
        ("language model", language_card, voice.language_model),
    ):
        try:
            card = find(name, patient.data / "models")
            tried = try_model(card, cache)
        except ThunderBoxError as error:
            yield Check(kind, "fail", str(error))
            continue
        how = "survived its trial" if tried else "survived its trial before"
        state: State = "note" if card.starter else "ok"
        yield Check(kind, state, f"{card.name} ({card.engine}) {how}{_starter(card)}")


def _products(patient: Patient) -> Iterator[Check]:
    shelf, settings = patient.data / "models", patient.settings
    cache = shelf if shelf.is_dir() else None
    wanted = {product: settings.product(product).language_model for product in PRODUCTS}
    try:
        base = language_card(settings.voice.language_model, shelf)
    except ThunderBoxError:
        return  # said with the models
    tiers = choose_tiers(wanted, base, shelf, lambda card: try_model(card, cache))
    notes = [tier.note for tier in tiers.values() if tier.note]
    for note in notes:
        yield Check("products", "warn", note)
    if not notes:
        yield Check("products", "ok", who_uses_what(tiers))


def _starter(card: ModelCard) -> str:
    return "; it is small: bring a real one for real callers" if card.starter else ""


def _disk(patient: Patient) -> Iterator[Check]:
    place = patient.data
    while not place.exists():
        place = place.absolute().parent
    free = shutil.disk_usage(place).free
    state: State = "fail" if free < FREE_FAIL else "warn" if free < FREE_WARN else "ok"
    detail = f"{free / 1e9:.1f} GB free for {patient.data}"
    if state != "ok":
        detail += ": recordings need room, delete some or use another disk"
    if not os.access(place, os.W_OK):
        state, detail = "fail", f"{place} cannot be written by this user"
    yield Check("disk", state, detail)


def _database(patient: Patient) -> Iterator[Check]:
    path = patient.data / DATABASE
    if not path.is_file():
        yield Check("database", "note", f"{path} is not there yet; the first start makes it")
        return

    async def ask() -> list[str]:
        db = await Database.open(path)
        try:
            return await db.integrity()
        finally:
            await db.close()

    problems = asyncio.run(ask())
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    if problems:
        yield Check("database", "fail", f"{'; '.join(problems[:3])}. Restore a backup")
    else:
        yield Check("database", "ok", f"{path}, {size}, whole")


def _tls(patient: Patient) -> Iterator[Check]:
    tls, api = patient.settings.tls, patient.settings.api
    if tls.mode == "off":
        if _is_loopback(api.host) or api.public_url.startswith("https:"):
            yield Check("tls", "ok", "off, and not needed")
        else:
            detail = "off: keys cross the network readable, and browsers give no microphone"
            yield Check("tls", "warn", f'{detail}. Set tls.mode to "self-signed" or "files"')
        return
    if tls.mode == "files":
        path, key = Path(tls.certificate), Path(tls.key)
    else:
        path, key = patient.data / CERTIFICATE, patient.data / CERTIFICATE_KEY
        if not path.is_file():
            yield Check("tls", "note", f"{path} is not there yet; the next start makes it")
            return
    found = certificate.read(path, key)
    days = found.days_left(datetime.now(UTC))
    facts = f"{path} for {', '.join(found.names)}, SHA-256 {found.fingerprint}"
    if days < 0:
        yield Check("tls", "fail", f"{facts}: it ended on {found.ends:%d %B %Y}")
    elif tls.mode == "files" and days < SOON_DAYS:
        yield Check("tls", "warn", f"{facts}: it ends in {days} days")
    else:
        yield Check("tls", "ok", f"{facts}, until {found.ends:%d %B %Y}")


def _trunk(patient: Patient) -> Iterator[Check]:
    trunk = patient.settings.trunk
    if not trunk.server:
        yield Check("trunk", "ok", "none configured")
        return
    who = f"{trunk.user} at {trunk.server}"
    part = (patient.ready or {}).get("parts", {}).get("trunk")
    if part is None:
        yield Check("trunk", "warn", f"{who}: only the running box knows its registration")
        return
    yield Check("trunk", "ok" if part["ok"] else "fail", f"{who}: {part['detail'] or 'registered'}")


def _connections(patient: Patient) -> Iterator[Check]:
    """The trunks of VoIP connections; only the running box knows them."""
    for name, part in (patient.ready or {}).get("parts", {}).items():
        if name.startswith("connection_"):
            detail = part["detail"] or part["registration"].replace("_", " ")
            yield Check(name.replace("_", " "), "warn" if part["detail"] else "ok", detail)


CHECKS: tuple[Callable[[Patient], Iterator[Check]], ...] = (
    _python,
    _cpu,
    _disk,
    _box,
    _ports,
    _pjsip,
    _line_card,
    _codecs,
    _models,
    _products,
    _database,
    _tls,
    _trunk,
    _connections,
)


def _ask_ready(settings: Settings) -> dict[str, Any] | None:
    """The body of /readyz, or None when no box answers there."""
    try:
        answer = httpx.get(f"{base_url(settings)}/readyz", timeout=5.0, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return None
    return answer if isinstance(answer, dict) and "parts" in answer else None


def _bind(host: str, port: int, kind: socket.SocketKind) -> str | None:
    """Why the port cannot be used, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_public(network: str) -> bool:
    return not ipaddress.ip_network(network).is_private
