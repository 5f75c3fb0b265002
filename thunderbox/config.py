"""Config: config.toml and the environment, read into settings and checked.

Every setting has a default, so an empty file is a valid one. A setting can be overridden by
`THUNDERBOX_<SECTION>_<KEY>` (`THUNDERBOX_API_PORT=8081`, `THUNDERBOX_EXTENSIONS_200=+15550123`);
lists are separated by commas.
A wrong key or value raises ConfigError: one sentence with file, line, key, value and what is
allowed.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from thunderbox.errors import ConfigError
from thunderbox.origin import Origin
from thunderbox.outside_settings import LivekitSettings, RemoteSpeechSettings
from thunderbox.settings import E164, Settings


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the file (none: defaults), apply the environment, validate. Raises ConfigError."""
    text = ""
    if path is not None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ConfigError(
                f"The config file {path} cannot be read ({reason}). Name another with --config, "
                "or copy config.example.toml there."
            ) from error
    origin = Origin(path, text)
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    _override(raw, environ, origin)
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise origin.explain(str(error), raw, sections()) from error
    _check_meaning(settings, origin)
    return settings


def sections() -> dict[str, type[Struct]]:
    """Every section of the file with the type that holds its settings."""
    hints = get_type_hints(Settings)
    return {
        name: hint
        for name, hint in hints.items()
        if isinstance(hint, type) and issubclass(hint, Struct)
    }


def _override(raw: dict[str, Any], environ: Mapping[str, str], origin: Origin) -> None:
    """Put THUNDERBOX_<SECTION>_<KEY> over what the file says."""
    for section, kind in sections().items():
        hints = get_type_hints(kind)
        for key in kind.__struct_fields__:
            variable = f"THUNDERBOX_{section}_{key}".upper()
            if variable not in environ:
                continue
            table = raw.setdefault(section, {})
            if not isinstance(table, dict):
                continue
            table[key] = _parse(environ[variable], hints[key])
            origin.variables[section, key] = variable
    every = {
        f"THUNDERBOX_{section}_{key}".upper()
        for section, kind in sections().items()
        for key in kind.__struct_fields__
    }
    for section, kind in sections().items():
        prefix = f"THUNDERBOX_{section}_".upper()
        known = [(prefix + key).upper() for key in kind.__struct_fields__]
        for variable in environ:
            if variable.startswith(prefix) and variable not in every:
                raise ConfigError(
                    f"environment variable {variable}: there is no such setting. "
                    f"Allowed here: {', '.join(known)}."
                )
    for variable, number in environ.items():
        name, _, extension = variable.partition("EXTENSIONS_")
        extensions = raw.get("extensions", {"100": "+15550100"})
        if name == "THUNDERBOX_" and extension and isinstance(extensions, dict):
            raw["extensions"] = {**extensions, extension: number}
            origin.variables["extensions", extension] = variable


def _parse(text: str, hint: Any) -> object:
    """An environment variable's text as the kind of value that the setting wants."""
    if get_origin(hint) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    if hint is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if hint is int:
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    return text


def _check_meaning(settings: Settings, origin: Origin) -> None:
    """Check what types cannot say."""
    networks = 'networks such as "192.168.0.0/16"'
    addresses = 'IP addresses such as "192.168.1.20"'
    public = (settings.sip.public_address,) if settings.sip.public_address else ()
    parse: Callable[[str], object]
    for section, key, values, parse, allowed in (
        ("sip", "allowed_networks", settings.sip.allowed_networks, ip_network, networks),
        ("outgoing", "allow_networks", settings.outgoing.allow_networks, ip_network, networks),
        ("rtc", "addresses", settings.rtc.addresses, ip_address, addresses),
        ("sip", "public_address", public, ip_address, "an IP address, or empty"),
    ):
        for value in values:
            try:
                parse(value)
            except ValueError:
                raise origin.error(section, key, value, allowed) from None
    trunk = settings.trunk
    if trunk.server and not trunk.user:
        raise origin.error("trunk", "user", "", "the user name at the trunk's server")
    host, _, port = trunk.server.partition(":")
    if trunk.server and not (host and re.fullmatch(r"[\w.-]+", host) and _is_port(port or "5060")):
        raise origin.error("trunk", "server", trunk.server, "host[:port], or empty for no trunk")
    for number in trunk.numbers:
        if not re.fullmatch(E164, number):
            raise origin.error("trunk", "numbers", number, "numbers such as +15550100 (E.164)")
    if timezone := settings.calls.timezone:
        try:
            ZoneInfo(timezone)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            allowed = "a time zone such as Europe/Berlin, or empty"
            raise origin.error("calls", "timezone", timezone, allowed) from None
    _check_remotes(settings, origin)
    if (mistake := settings.tls.mistake()) is not None:
        raise origin.error("tls", *mistake)
    if settings.tls.mode != "off" and settings.tls.port in (settings.api.port, settings.sip.port):
        allowed = "another port than api.port and sip.port, because all listen on TCP"
        raise origin.error("tls", "port", settings.tls.port, allowed)
    _check_livekit(settings.livekit, origin)
    if settings.sip.enabled and settings.api.port == settings.sip.port:
        allowed = "another port than api.port, because both listen on TCP"
        raise origin.error("sip", "port", settings.sip.port, allowed)
    for extension, number in settings.extensions.items():
        if not re.fullmatch(r"[0-9*#]{1,15}", extension):
            raise origin.error(
                "extensions", extension, number, "a key of 1 to 15 digits, such as 100"
            )
        if not re.fullmatch(E164, number):
            raise origin.error(
                "extensions", extension, number, "a number such as +15550100 (E.164)"
            )


def _check_remotes(settings: Settings, origin: Origin) -> None:
    """A remote engine must be named whole, and leave the local one time to answer in its stead."""
    voice = settings.voice
    for section, remote, key in (
        ("remote_chat", settings.remote_chat, "first_token_seconds"),
        ("remote_transcription", settings.remote_transcription, "transcribe_seconds"),
        ("remote_speech", settings.remote_speech, "speak_seconds"),
    ):
        if not remote.base_url:
            continue
        if not remote.model:
            raise origin.error(section, "model", "", "the model's name at that server")
        if isinstance(remote, RemoteSpeechSettings) and not remote.voice:
            raise origin.error(section, "voice", "", "a voice's name at that server")
        deadline = getattr(voice, key)
        if remote.timeout_seconds >= deadline:
            allowed = f"less than voice.{key} ({deadline}), so that the local engine has time left"
            raise origin.error(section, "timeout_seconds", remote.timeout_seconds, allowed)


def _check_livekit(livekit: LivekitSettings, origin: Origin) -> None:
    """A LiveKit server lets nobody make rooms without a key and its secret."""
    if livekit.url and not livekit.api_key:
        raise origin.error("livekit", "api_key", "", "an API key of that server")
    if livekit.url and not livekit.api_secret:
        raise origin.error("livekit", "api_secret", "", "the secret of that API key")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= 65535
